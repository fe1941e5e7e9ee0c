package schema_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// TestWeightsAreTheServers inserts texts into a unique key of each trusted
// collation. The rows that the server lets in must be those whose weights are
// seen for the first time. TIDEGATE_COLLATIONS is a pattern of collations to try
// with every character, trusted or not, to learn which could be.
func TestWeightsAreTheServers(t *testing.T) {
	names, pattern := schema.Trusted(), os.Getenv("TIDEGATE_COLLATIONS")
	all := pattern != ""
	if all {
		wanted := regexp.MustCompile(pattern)
		names = slices.DeleteFunc(schema.Known(), func(name string) bool { return !wanted.MatchString(name) })
	}
	for _, flavor := range dbtest.Flavors {
		t.Run(string(flavor), func(t *testing.T) {
			p := newPeer(t, flavor)
			for _, name := range names {
				if !all && p.flavor == mysql.MariaDB && strings.Contains(name, "_0900_") {
					continue // MariaDB's own, under MySQL's names: never trusted
				}
				t.Run(name, func(t *testing.T) { compareWeights(t, p, name, all) })
			}
		})
	}
}

func compareWeights(t *testing.T, p *peer, name string, all bool) {
	w := schema.NewWeigher(name)
	if w == nil {
		t.Fatal("no weights")
	}
	var charset string
	p.text.QueryRowContext(t.Context(), "SELECT CHARACTER_SET_NAME FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY WHERE COLLATION_NAME = ?", name).Scan(&charset)
	if charset == "" {
		t.Skip("the server has no such collation")
	}
	texts := sampleTexts(w, all)
	table := "w_" + name
	p.exec(t, p.text, fmt.Sprintf("CREATE TABLE %s (id INT PRIMARY KEY, v VARCHAR(12) CHARACTER SET %s COLLATE %s, p VARCHAR(12) CHARACTER SET %s COLLATE %s, UNIQUE (v))", table, charset, name, charset, name))
	want, seen := map[int]bool{}, map[string]int{}
	twin := map[int]int{}
	var statement []byte
	for i, text := range texts {
		key, err := w.Append(nil, text, 0)
		if err != nil {
			t.Fatalf("%x: %v", text, err)
		}
		if first, ok := seen[string(key)]; ok {
			twin[i] = first
		} else {
			seen[string(key)], want[i] = i, true
		}
		sep := ","
		if len(statement) == 0 {
			sep = "INSERT IGNORE INTO " + table + " (id, v) VALUES "
		}
		statement = append(fmt.Appendf(append(statement, sep...), "(%d,", i), mysql.String(string(text))...)
		statement = append(statement, ')')
		if i%2000 == 1999 || i == len(texts)-1 {
			p.exec(t, p.raw, string(statement))
			statement = statement[:0]
		}
	}
	rows, err := p.raw.QueryContext(t.Context(), "SELECT id, v FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	bad := 0
	for rows.Next() {
		var id int
		var v []byte
		if err := rows.Scan(&id, &v); err != nil {
			t.Fatal(err)
		}
		if string(v) != string(texts[id]) {
			t.Errorf("stored %x as %x", texts[id], v)
		}
		if !want[id] {
			if bad++; bad < 5 {
				t.Errorf("the server tells %x from %x, the weights do not", texts[id], texts[twin[id]])
			}
		}
		delete(want, id)
	}
	for id := range want {
		if bad++; bad < 10 {
			t.Errorf("the server finds %x equal to another, the weights do not", texts[id])
		}
	}
	t.Logf("%d texts, %d mistakes", len(texts), bad)
}

// nasty are characters that collations treat in their own ways.
var nasty = []rune("aAáÁàäÄåbBcCçdDđeEéëiIıİjJlLłnNñoOöÖøØsSßſtTuUüvVwWxyYÿzZžæÆœŒĳŉǆþðŋ 0½²①Ⅳ-_'.\t\u00a0\u00ad\u200b\u200d\u3000\u0300\u0301\u0308\u0327\u0345\u1e9e가각각かがガｶﾞァア゛ー々日本語表คเกแ\u0e31αΑάσςΣωяЯйёאבشـﻻक्ष\U0001F600\U0001F601\U00020000\U00010400\uFB01\uFF21\uFFFD\x00\x01\x1f\x7f")

func sampleTexts(w *schema.Weigher, all bool) [][]byte {
	r := rand.New(rand.NewPCG(3, 4))
	var texts [][]byte
	if w.Single() {
		for i := range w.Bytes() {
			texts = append(texts, []byte{byte(i)})
		}
		for range 3000 {
			b := make([]byte, 1+r.IntN(4))
			for i := range b {
				b[i] = byte(r.IntN(w.Bytes()))
				if r.IntN(4) == 0 {
					b[i] = " aAzZ\xa0\xe9\xc9\xdf"[r.IntN(9)] & byte(w.Bytes()-1)
				}
			}
			texts = append(texts, b)
		}
		return texts
	}
	add := func(s string) {
		if b := w.Encode(s); b != nil {
			texts = append(texts, b)
		}
	}
	add("")
	random := 1500
	if all {
		random = 20000
	}
	for range random {
		s := make([]rune, 1+r.IntN(5))
		for i := range s {
			s[i] = nasty[r.IntN(len(nasty))]
			if r.IntN(8) == 0 {
				s[i] = rune(r.IntN(0x3000))
			}
		}
		add(string(s))
	}
	for c := rune(0); c < 0x20000; c++ {
		if c >= 0xd800 && c < 0xe000 || (!all || c >= 0x10000) && r.IntN(40) > 0 && c != 0xffff {
			continue
		}
		add(string(c))
	}
	return texts
}
