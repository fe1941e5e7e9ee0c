package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// shop is a small business: its schema, its rows, and people who buy.
type shop struct {
	db     *sql.DB // of the server's administrator
	buyers *sql.DB // of the account the customers have
	flavor dbtest.Flavor
	orders int

	cancel context.CancelFunc
	wg     sync.WaitGroup
	done   atomic.Uint64 // transactions committed
	fenced atomic.Bool   // a refused write is expected from here on
	err    atomic.Pointer[error]
}

// schema of the shop. The view and the keyless audit table are part of the point.
func (s *shop) schema() []string {
	collation := "utf8mb4_0900_ai_ci"
	if s.flavor != dbtest.MySQL {
		collation = "utf8mb4_unicode_ci"
	}
	return []string{
		"CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE " + collation,
		`CREATE TABLE shop.customers (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(80) NOT NULL, email VARCHAR(120) NOT NULL,
			joined DATETIME(6) NOT NULL, credit DECIMAL(12,2) NOT NULL DEFAULT 0, UNIQUE KEY u_email (email), KEY k_name (name))`,
		`CREATE TABLE shop.products (sku CHAR(12) CHARACTER SET ascii NOT NULL PRIMARY KEY, title VARCHAR(120) NOT NULL, price DECIMAL(10,2) NOT NULL,
			stock INT NOT NULL, attributes JSON NULL)`,
		`CREATE TABLE shop.orders (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, customer INT UNSIGNED NOT NULL, placed TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
			state ENUM('new','paid','sent','back') NOT NULL DEFAULT 'new', total DECIMAL(12,2) NOT NULL, note TEXT NULL, KEY k_state (state, placed),
			CONSTRAINT fk_customer FOREIGN KEY (customer) REFERENCES customers (id))`,
		`CREATE TABLE shop.order_lines (order_id BIGINT UNSIGNED NOT NULL, line SMALLINT UNSIGNED NOT NULL, sku CHAR(12) CHARACTER SET ascii NOT NULL, quantity INT NOT NULL, price DECIMAL(10,2) NOT NULL,
			PRIMARY KEY (order_id, line), KEY k_sku (sku), CONSTRAINT fk_order FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE,
			CONSTRAINT fk_sku FOREIGN KEY (sku) REFERENCES products (sku))`,
		"CREATE TABLE shop.audit (at DATETIME(6) NOT NULL, who INT NOT NULL, what VARCHAR(60) NOT NULL)",
		"CREATE VIEW shop.open_orders AS SELECT o.id, c.name, o.total FROM shop.orders o JOIN shop.customers c ON c.id = o.customer WHERE o.state IN ('new', 'paid')",
	}
}

const (
	customers = 20000
	products  = 5000
)

// create makes the schema and fills it on the server itself: about 2.7 rows an
// order.
func (s *shop) create(ctx context.Context, orders int) error {
	s.orders = orders
	digits := "(SELECT 0 d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)"
	numbers := func(n int) string {
		return fmt.Sprintf("(SELECT 1+a.d+10*b.d+100*c.d+1000*e.d+10000*f.d+100000*g.d n FROM %[1]s a, %[1]s b, %[1]s c, %[1]s e, %[1]s f, %[1]s g) q WHERE n <= %[2]d", digits, n)
	}
	statements := append(s.schema(),
		"INSERT INTO shop.customers (id, name, email, joined, credit) SELECT n, CONCAT('Käufer ', n, ' 🛒'), CONCAT('c', n, '@example.org'), '2024-02-29 12:00:00.000001' + INTERVAL n MINUTE, n % 1000 / 7 FROM "+numbers(customers),
		`INSERT INTO shop.products SELECT CONCAT('SKU-', LPAD(n, 8, '0')), CONCAT('Ding № ', n), 1 + n % 500 + 0.99, 1000000, CONCAT('{"weight": ', n % 90, ', "tags": ["a", "ü", null], "ok": true}') FROM `+numbers(products),
		fmt.Sprintf("INSERT INTO shop.orders (id, customer, placed, state, total, note) SELECT n, 1 + n * 7 %% %d, '2025-01-01 00:00:00' + INTERVAL n SECOND, 1 + n %% 4, n %% 9000 + 0.5, IF(n %% 3, NULL, REPEAT('note ', n %% 20)) FROM ", customers)+numbers(orders),
		fmt.Sprintf("INSERT INTO shop.order_lines SELECT n, 1, CONCAT('SKU-', LPAD(1 + n %% %d, 8, '0')), 1 + n %% 5, 9.99 FROM ", products)+numbers(orders),
		fmt.Sprintf("INSERT INTO shop.order_lines SELECT n, 2, CONCAT('SKU-', LPAD(1 + n * 3 %% %d, 8, '0')), 1, 19.99 FROM ", products)+numbers(orders*2/3),
		"INSERT INTO shop.audit SELECT '2025-06-01 00:00:00', n % 100, 'opened' FROM "+numbers(20000),
		"CREATE USER customer@'127.0.0.1' IDENTIFIED BY '"+demoPassword+"'", // one that a read-only server stops
		"GRANT SELECT, INSERT, UPDATE, DELETE ON shop.* TO customer@'127.0.0.1'",
	)
	for _, q := range statements {
		if _, err := s.db.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("%.60s: %w", strings.Join(strings.Fields(q), " "), err)
		}
	}
	return nil
}
