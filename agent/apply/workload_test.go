package apply_test

import (
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	driver "github.com/go-sql-driver/mysql"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// world makes tables of every kind of key. Everything is small, so that
// transactions meet.
func (p *pair) world() {
	ci, plain := "utf8mb4_0900_ai_ci", "utf8mb4_general_ci"
	if p.from.Flavor != dbtest.MySQL {
		ci = "utf8mb4_unicode_ci"
	}
	p.exec(
		"CREATE TABLE ints (id INT NOT NULL PRIMARY KEY, v INT, doc JSON, note VARCHAR(50))",
		"CREATE TABLE seats (id INT NOT NULL PRIMARY KEY, seat INT NULL, label VARCHAR(40) NOT NULL, UNIQUE KEY u_seat (seat), UNIQUE KEY u_label (label)) COLLATE "+ci,
		"CREATE TABLE words (k VARCHAR(80) NOT NULL PRIMARY KEY, v BLOB NULL, n INT NOT NULL) COLLATE "+ci,
		"CREATE TABLE padded (k CHAR(8) NOT NULL, l VARCHAR(8) NOT NULL, n INT, PRIMARY KEY (k, l)) COLLATE "+plain,
		"CREATE TABLE pairs (a INT NOT NULL, b CHAR(12) CHARACTER SET latin1 NOT NULL, c TINYINT NOT NULL, d VARCHAR(200), PRIMARY KEY (b, a, c))",
		"CREATE TABLE prefixed (id INT NOT NULL PRIMARY KEY, t VARCHAR(60) NOT NULL, UNIQUE KEY u (t(3))) COLLATE "+plain,
		"CREATE TABLE strange (k VARCHAR(20) COLLATE utf8mb4_hungarian_ci NOT NULL PRIMARY KEY, n INT)",
		"CREATE TABLE maybe (u INT NULL, v INT, UNIQUE KEY u (u))",
		"CREATE TABLE bare (w INT NOT NULL, n BIGINT, note VARCHAR(40), e ENUM('x','y'), KEY k_w (w))",
		"CREATE TABLE derived (id INT NOT NULL PRIMARY KEY, a INT NOT NULL, b INT GENERATED ALWAYS AS (a * 2) STORED, c INT GENERATED ALWAYS AS (a + 1) VIRTUAL, KEY k_c (c))",
		"CREATE TABLE `tä ``b` (`i d` INT NOT NULL PRIMARY KEY, `ü` VARCHAR(10))",
		"CREATE TABLE parent (id INT NOT NULL PRIMARY KEY, v INT NOT NULL)",
		"CREATE TABLE child (id INT NOT NULL PRIMARY KEY, pid INT NULL, v INT NOT NULL, CONSTRAINT fk_child FOREIGN KEY (pid) REFERENCES parent (id) ON DELETE CASCADE ON UPDATE CASCADE)",
		"CREATE TABLE grandchild (id INT NOT NULL PRIMARY KEY, cid INT NULL, CONSTRAINT fk_grand FOREIGN KEY (cid) REFERENCES child (id) ON DELETE SET NULL)",
		"CREATE TABLE tree (id INT NOT NULL PRIMARY KEY, up INT NULL, CONSTRAINT fk_tree FOREIGN KEY (up) REFERENCES tree (id) ON DELETE CASCADE)",
		"CREATE TABLE named (name VARCHAR(20) NOT NULL PRIMARY KEY, v INT) COLLATE "+ci,
		"CREATE TABLE named_by (id INT NOT NULL PRIMARY KEY, name VARCHAR(20) NULL, CONSTRAINT fk_named FOREIGN KEY (name) REFERENCES named (name) ON DELETE SET NULL ON UPDATE CASCADE) COLLATE "+ci,
	)
	if p.from.Flavor == dbtest.MySQL && p.to.Flavor == dbtest.MySQL {
		p.exec("CREATE TABLE expr (id INT NOT NULL PRIMARY KEY, email VARCHAR(40), UNIQUE KEY u ((LOWER(email))))")
	}
	p.begin()
}

var spellings = []string{"a", "A", "é", "e", "É", "ss", "ß", "x ", "x", "日本", "Ω", "ω", "ı", "I", "i", "cs", "ccs", ""}

// churn runs random transactions on the source.
func (p *pair) churn(rng *rand.Rand, txns int) {
	p.t.Helper()
	for range txns {
		if err := p.transaction(rng); err != nil {
			var me *driver.MySQLError
			if errors.As(err, &me) {
				switch me.Number {
				case 1062, 1451, 1452, 1761:
					continue
				}
			}
			p.t.Fatal(err)
		}
	}
}

func (p *pair) transaction(r *rand.Rand) error {
	tx, err := p.db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for range 1 + r.IntN(4) {
		if err := p.step(r, tx); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func (p *pair) step(r *rand.Rand, tx *sql.Tx) (err error) {
	x := func(q string, a ...any) {
		if err == nil {
			_, err = tx.Exec(q, a...)
		}
	}
	word := func() string {
		return spellings[r.IntN(len(spellings))] + spellings[r.IntN(len(spellings))]
	}
	id, n := r.IntN(60), r.IntN(1000)
	switch r.IntN(22) {
	case 0, 1, 2:
		x("REPLACE INTO ints VALUES (?,?,JSON_OBJECT('a',?,'f',?),?)", id, n, n, r.Float64(), word())
	case 3:
		x("UPDATE ints SET v=?, doc=JSON_SET(doc,'$.a',?) WHERE id BETWEEN ? AND ?", n, r.IntN(5), id, id+r.IntN(6))
	case 4:
		x("DELETE FROM ints WHERE id BETWEEN ? AND ?", id, id+r.IntN(4))
	case 5:
		x("UPDATE ints SET id=? WHERE id=?", r.IntN(60), id)
	case 6, 7: // unique values change places, by way of NULL
		a, b := r.IntN(30), r.IntN(30)
		x("INSERT IGNORE INTO seats VALUES (?,?,?),(?,?,?)", a, a, fmt.Sprintf("L%d", a), b, b, fmt.Sprintf("l%d", b))
		x("UPDATE seats SET seat=NULL WHERE id=? OR seat=?", a, a)
		x("UPDATE seats SET seat=NULL WHERE id=? OR seat=?", b, b)
		x("UPDATE seats SET seat=? WHERE id=?", b, a)
		x("UPDATE seats SET seat=? WHERE id=?", a, b)
	case 8:
		a := r.IntN(30)
		x("DELETE FROM seats WHERE id=?", a)
		x("DELETE FROM seats WHERE label=?", fmt.Sprintf("L%d", a))
		x("INSERT INTO seats VALUES (?,NULL,?)", a+100*r.IntN(3), strings.Repeat(" ", 0)+fmt.Sprintf("l%d", a))
	case 9, 10:
		k := word()
		switch r.IntN(4) {
		case 0:
			x("DELETE FROM words WHERE k=?", k)
		case 1:
			x("UPDATE words SET k=?, n=n+1 WHERE k=?", word(), k)
		default:
			x("REPLACE INTO words VALUES (?,?,?)", k, []byte{0, byte(n), '\'', '\\', 255}, n)
		}
	case 11:
		x("REPLACE INTO padded VALUES (?,?,?)", word(), word(), n)
		x("UPDATE padded SET l=CONCAT(TRIM(l),' ') WHERE k=?", word())
	case 12:
		x("REPLACE INTO pairs VALUES (?,?,?,?)", r.IntN(8), fmt.Sprintf("B%d", r.IntN(4)), r.IntN(3), strings.Repeat("d", r.IntN(190)))
		x("UPDATE pairs SET a=a+? WHERE b=? ORDER BY a DESC", r.IntN(3), fmt.Sprintf("b%d", r.IntN(4)))
	case 13:
		x("REPLACE INTO prefixed VALUES (?,?)", r.IntN(20), fmt.Sprintf("%03d%d", r.IntN(25), n))
		x("UPDATE prefixed SET t=CONCAT(t,'x') WHERE id=? AND LENGTH(t) < 50", r.IntN(20))
	case 14:
		x("REPLACE INTO strange VALUES (?,?)", word(), n)
		x("DELETE FROM strange WHERE k=?", word())
	case 15:
		x("REPLACE INTO maybe VALUES (?,?),(NULL,?)", r.IntN(10), n, r.IntN(3))
		x("DELETE FROM maybe WHERE u IS NULL AND v=? LIMIT 1", r.IntN(3))
		x("UPDATE maybe SET v=v+1 WHERE u=?", r.IntN(10))
	case 16, 17: // identical rows come and go
		x("INSERT INTO bare VALUES (?,1,'same',NULL),(?,1,'same',?)", r.IntN(4), r.IntN(4), 1+r.IntN(2))
		x("UPDATE bare SET n=n+1 WHERE w=? LIMIT 2", r.IntN(4))
		x("DELETE FROM bare WHERE w=? LIMIT 1", r.IntN(4))
	case 18:
		x("REPLACE INTO derived (id,a) VALUES (?,?)", id, n)
		x("UPDATE derived SET a=a+1 WHERE id=?", r.IntN(60))
		x("REPLACE INTO `tä ``b` VALUES (?,?)", r.IntN(9), word())
	case 19, 20:
		err = p.family(r, tx)
	default:
		if p.from.Flavor == dbtest.MySQL && p.to.Flavor == dbtest.MySQL {
			x("REPLACE INTO expr VALUES (?,?)", r.IntN(10), fmt.Sprintf("%c%d", "aA"[r.IntN(2)], r.IntN(6)))
			x("UPDATE expr SET email=NULL WHERE id=?", r.IntN(10))
		}
	}
	return err
}

// family makes changes that the server's foreign keys carry on.
func (p *pair) family(r *rand.Rand, tx *sql.Tx) (err error) {
	x := func(q string, a ...any) {
		if err == nil {
			_, err = tx.Exec(q, a...)
		}
	}
	a, b := r.IntN(12), r.IntN(40)
	switch r.IntN(9) {
	case 0:
		x("DELETE FROM parent WHERE id=?", a)
	case 1:
		x("UPDATE parent SET id=?, v=v+1 WHERE id=?", r.IntN(12), a)
	case 2:
		x("INSERT IGNORE INTO parent VALUES (?,1)", a)
		x("INSERT IGNORE INTO child VALUES (?,?,1),(?,?,2)", b, a, b+1, a)
		x("INSERT IGNORE INTO grandchild VALUES (?,?)", r.IntN(60), b)
	case 3:
		x("DELETE FROM child WHERE id=?", b)
	case 4:
		x("UPDATE child SET v=v+1, pid=NULL WHERE id=?", b)
	case 5:
		x("INSERT IGNORE INTO tree VALUES (?,NULL)", a)
		x("INSERT IGNORE INTO tree VALUES (?,?),(?,?)", 20+a, a, 40+a, 20+a)
		if r.IntN(2) == 0 {
			x("DELETE FROM tree WHERE id=?", r.IntN(40))
		}
	case 6:
		x("INSERT IGNORE INTO named VALUES (?,1)", spellings[r.IntN(8)])
		x("INSERT IGNORE INTO named_by SELECT ?, name FROM named LIMIT 1", r.IntN(20))
	case 7:
		x("UPDATE named SET name=? WHERE name=?", spellings[r.IntN(8)], spellings[r.IntN(8)])
	default:
		x("DELETE FROM named WHERE name=?", spellings[r.IntN(8)])
	}
	return err
}
