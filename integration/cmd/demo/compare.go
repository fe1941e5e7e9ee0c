package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"fmt"
	"strings"
)

// compare reads every row of both sides and names the tables that differ; it
// uses nothing of tidegate.
func compare(ctx context.Context, src, dst *sql.DB) (string, error) {
	var differ []string
	for _, table := range []string{"customers", "products", "orders", "order_lines", "audit", "open_orders"} {
		a, err := digest(ctx, src, "shop."+table)
		if err != nil {
			return "", err
		}
		b, err := digest(ctx, dst, "shop_v2."+table)
		if err != nil {
			return "", err
		}
		if a != b {
			differ = append(differ, fmt.Sprintf("%s (%d and %d rows)", table, a.rows, b.rows))
		}
	}
	return strings.Join(differ, ", "), nil
}

// sum is an order-free fingerprint of rows as a multiset.
type sum struct {
	rows uint64
	sum  [4]uint64
}

func digest(ctx context.Context, db *sql.DB, table string) (sum, error) {
	var s sum
	rows, err := db.QueryContext(ctx, "SELECT * FROM "+table)
	if err != nil {
		return s, err
	}
	defer rows.Close()
	cols, err := rows.Columns()
	if err != nil {
		return s, err
	}
	raw, dest := make([]sql.RawBytes, len(cols)), make([]any, len(cols))
	for i := range raw {
		dest[i] = &raw[i]
	}
	var buf []byte
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return s, err
		}
		buf = buf[:0]
		for _, v := range raw {
			if v == nil {
				buf = append(buf, 'N')
				continue
			}
			buf = append(binary.AppendUvarint(append(buf, 'V'), uint64(len(v))), v...)
		}
		h := sha256.Sum256(buf)
		s.rows++
		for i := range s.sum {
			s.sum[i] += binary.LittleEndian.Uint64(h[8*i:])
		}
	}
	return s, rows.Err()
}
