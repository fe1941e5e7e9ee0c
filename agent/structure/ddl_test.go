package structure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

func TestReplay(t *testing.T) {
	for name, flavors := range pairs {
		t.Run(name, func(t *testing.T) {
			r := newReplay(t, flavors)
			for _, q := range ddlCorpus(r.schema) {
				if strings.HasPrefix(q, "CREATE TEMPORARY") || strings.HasPrefix(q, "DROP TEMPORARY") || strings.HasPrefix(q, "FLUSH") || strings.HasPrefix(q, "--") {
					r.seq++
					if err := r.execute(t, r.event(q+"\x00")); err != nil {
						t.Fatalf("%s: %v", q, err)
					}
					continue
				}
				r.both(t, q)
			}
			r.same(t)
		})
	}
}

// Between flavours the source's present columns help to know what a statement
// made of a column. By then the table may have another name there, or the column
// may be again what it was: the statement counts.
func TestSourceHasGoneOn(t *testing.T) {
	r := newReplay(t, [2]dbtest.Flavor{dbtest.MariaDB, dbtest.MySQL})
	r.both(t, "CREATE TABLE m (id INT PRIMARY KEY, g VARCHAR(10) NOT NULL, k VARCHAR(5), u VARCHAR(7))")
	for _, c := range []struct{ column, data, change, then string }{
		{"g", "binary", "ALTER TABLE m MODIFY g BINARY(4) NOT NULL", "RENAME TABLE m TO n"},
		{"k", "bigint", "ALTER TABLE n MODIFY k BIGINT", "ALTER TABLE n MODIFY k VARCHAR(5)"},
		{"n", "int", "ALTER TABLE n CHANGE u n INT", "ALTER TABLE n ADD t VARCHAR(5) CHARACTER SET latin1"},
		{"n", "int", "ALTER TABLE n MODIFY n INT UNSIGNED", "ALTER TABLE n MODIFY n INT"},
		{"t", "varchar", "ALTER TABLE n CONVERT TO CHARACTER SET cp1251", "ALTER TABLE n CONVERT TO CHARACTER SET latin2"},
		{"n", "bigint", "ALTER TABLE n MODIFY n BIGINT", "DROP TABLE n"},
	} {
		r.exec(t, c.change)
		r.exec(t, c.then)
		r.seq++
		if err := r.execute(t, r.event(c.change)); err != nil {
			t.Fatal(err)
		}
		def := r.reg.defs[schema.ID{Schema: r.schema, Name: strings.Fields(c.change)[2]}]
		if col, _ := def.Column(c.column); col == nil || col.DataType != c.data || c.column == "t" && col.Charset != "cp1251" || col.Unsigned != strings.Contains(c.change, "UNSIGNED") {
			t.Errorf("after %q the column is %+v", c.change, col)
		}
		r.seq++
		if err := r.execute(t, r.event(c.then)); err != nil {
			t.Fatal(err)
		}
	}
}

// By the time a statement is carried out, its table's name may be another
// table's on the source: columns that the statement does not touch are what they
// were.
func TestColumnsOfAnotherTable(t *testing.T) {
	r := newReplay(t, [2]dbtest.Flavor{dbtest.MariaDB, dbtest.MySQL})
	r.both(t, "CREATE TABLE a (id INT PRIMARY KEY, m MEDIUMINT UNSIGNED, k INT NULL, c INT)")
	r.both(t, "CREATE TABLE b (id INT PRIMARY KEY, m VARBINARY(20), k INT UNSIGNED NOT NULL)")
	const swap, change = "RENAME TABLE a TO x, b TO a, x TO b", "ALTER TABLE a DROP PRIMARY KEY, ADD PRIMARY KEY (id, k)"
	r.exec(t, change)
	r.exec(t, swap)
	for n, q := range []string{change, swap} {
		r.seq++
		if err := r.execute(t, r.event(q)); err != nil {
			t.Fatal(err)
		}
		def := r.reg.defs[schema.ID{Schema: r.schema, Name: []string{"a", "b"}[n]}]
		m, _ := def.Column("m")
		k, _ := def.Column("k")
		if m.Type != "mediumint(8) unsigned" || k.Type != "int(11)" || k.Nullable || def.Flavor != mysql.MariaDB {
			t.Errorf("after %q m is %+v, k is %+v, of %s", q, m, k, def.Flavor)
		}
	}
}

// A statement that the target refuses is run when somebody has made it possible,
// though the tables are not what they were at the first attempt.
func TestRefusedAndMadePossible(t *testing.T) {
	r := newReplay(t, pairs["mysql"])
	r.both(t, "CREATE TABLE n (v INT)", "CREATE TABLE u (id INT PRIMARY KEY, v INT)")
	r.onTarget(t, "INSERT INTO n VALUES (NULL)", "INSERT INTO u VALUES (1, 1), (2, 1)")
	for _, c := range [][]string{
		{"ALTER TABLE u ADD UNIQUE KEY (v)", "TRUNCATE TABLE u"},
		{"ALTER TABLE n MODIFY v INT NOT NULL", "DELETE FROM n", "ALTER TABLE n COMMENT 'mended'"},
	} {
		r.exec(t, c[0])
		r.seq++
		if err := r.execute(t, r.event(c[0])); err == nil {
			t.Fatalf("%s: the target takes it", c[0])
		}
		r.onTarget(t, c[1:]...)
		if err := r.execute(t, r.event(c[0])); err != nil {
			t.Fatal(err)
		}
	}
	r.onTarget(t, "ALTER TABLE n COMMENT ''")
	r.same(t)
}

func TestRefused(t *testing.T) {
	r := newReplay(t, pairs["mysql"])
	r.both(t, "CREATE TABLE a (id INT)", "CREATE TABLE p (id INT NOT NULL) PARTITION BY HASH (id) PARTITIONS 2")
	r.x.cfg.Recopy = false
	for _, q := range []string{
		"ALTER TABLE a ADD u CHAR(36) DEFAULT (UUID())", "ALTER TABLE a ADD n INT AUTO_INCREMENT PRIMARY KEY", "ALTER TABLE a IMPORT TABLESPACE",
		"ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE unselected_y", "RENAME TABLE unselected_y TO y", "ALTER TABLE unselected_y RENAME y",
		"CREATE TABLE z LIKE unselected_y", "FROB TABLE a", "CREATE TABLE f (a INT) ENGINE=FEDERATED CONNECTION='mysql://u:p@h/d/t'", "INSERT INTO a VALUES (1)", "CREATE TABLE 'x",
		"CREATE SEQUENCE s", "ALTER TABLE a ADD COLUMN nonsense NOTYPE",
	} {
		r.seq++
		err := r.execute(t, r.event(q))
		e, ok := errors.AsType[*mysql.Error](err)
		if !ok || e.Class != mysql.Config || e.Remedy == "" {
			t.Errorf("%s: got %v, wanted a refusal with a remedy", q, err)
		}
	}
	failed := r.event("ALTER TABLE a ADD x INT")
	failed.Failed = 1062
	r.seq++
	if err := r.execute(t, failed); err == nil || !strings.Contains(err.Error(), "ended with error 1062") {
		t.Errorf("a statement that failed on the source: %v", err)
	}
	for _, q := range []string{"GRANT SELECT ON *.* TO x", "ALTER TABLE other.t ADD x INT", "CREATE TABLE other.f (a INT) ENGINE=FEDERATED", "CREATE TRIGGER x BEFORE INSERT ON a FOR EACH ROW SET @a = 1"} {
		r.seq++
		ev := r.event(q)
		if err := r.execute(t, ev); err != nil {
			t.Errorf("%s: %v", q, err)
		}
	}
}

// What only MariaDB has, and what of it moves or drops rows in a way that the log
// does not tell.
func TestRefusedStatementsOfMariaDB(t *testing.T) {
	r := newReplay(t, pairs["mariadb"])
	r.both(t, "CREATE TABLE a (id INT)", "CREATE TABLE p (id INT NOT NULL) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (9), PARTITION p1 VALUES LESS THAN (99))")
	for _, q := range []string{
		"ALTER IGNORE TABLE a ADD UNIQUE (id)", "ALTER ONLINE IGNORE TABLE a ADD UNIQUE (id)", "ALTER TABLE p CONVERT PARTITION p0 TO TABLE a2", "ALTER TABLE p CONVERT PARTITION p0 TO TABLE unselected_z",
		"ALTER TABLE unselected_z CONVERT PARTITION p0 TO TABLE a3", "ALTER TABLE unselected_z CONVERT TABLE a TO PARTITION p2 VALUES LESS THAN (7)",
		"ALTER TABLE a ADD SYSTEM VERSIONING", "CREATE TABLE v (id INT) WITH SYSTEM VERSIONING", "CREATE SEQUENCE s",
	} {
		r.seq++
		if e, ok := errors.AsType[*mysql.Error](r.execute(t, r.event(q))); !ok || e.Code != "ddl_refused" || e.Remedy == "" {
			t.Errorf("%s: %v", q, e)
		}
	}
}

// A kind of statement that the pipeline does not carry is passed over only if rows
// still fit without it.
func TestUnwantedKinds(t *testing.T) {
	r := newReplay(t, pairs["mysql"])
	r.both(t, "CREATE TABLE a (id INT PRIMARY KEY)")
	r.x.cfg.Kinds = []string{"create_table"}
	var notes []Finding
	r.x.deps.Refresh = func(ch *Changes) { r.reg.take(ch); notes = ch.Findings }
	for q, noted := range map[string]bool{
		"CREATE VIEW v AS SELECT * FROM a": true, "CREATE INDEX i ON a (id)": true, "CREATE TABLE b (id INT)": false, "ALTER TABLE unselected_a ADD x INT": false,
	} {
		r.seq++
		notes = nil
		if err := r.execute(t, r.event(q)); err != nil || len(notes) > 0 != noted {
			t.Errorf("%s: %v, noted %+v", q, err, notes)
		}
	}
	for _, q := range []string{"ALTER TABLE a ADD x INT", "TRUNCATE TABLE a", "RENAME TABLE a TO c", "DROP TABLE a", "DROP DATABASE `" + r.schema + "`"} {
		r.seq++
		if e, ok := errors.AsType[*mysql.Error](r.execute(t, r.event(q))); !ok || e.Code != "ddl_refused" {
			t.Errorf("%s: %v", q, e)
		}
	}
}

// What the session of the source means by its text is what the target makes of
// it: quotes, charset, modes the target does not know, the event's own time.
func TestStatementContext(t *testing.T) {
	for name, flavors := range pairs {
		t.Run(name, func(t *testing.T) {
			r := newReplay(t, flavors)
			target := r.schema + "_to"
			ansi := r.event(`CREATE TABLE "we""ird" ("a" INT PRIMARY KEY, "b" VARCHAR(9) DEFAULT 'x\' )`)
			ansi.SQLMode = []string{"ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "EMPTY_STRING_IS_NULL", "TIME_TRUNCATE_FRACTIONAL", "NO_AUTO_CREATE_USER"}
			latin := r.event("CREATE TABLE l (`\xe9` VARCHAR(9) DEFAULT '\xff' COMMENT '\xfc')")
			latin.CharsetClient, latin.CollationConnection = "latin1", "latin1_swedish_ci"
			for _, ev := range []*change.Statement{ansi, latin, r.event("CREATE TABLE n (id INT PRIMARY KEY)")} {
				r.seq++
				if err := r.execute(t, ev); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := r.dst.Exec(fmt.Sprintf("INSERT INTO `%s`.n VALUES (1)", target)); err != nil {
				t.Fatal(err)
			}
			r.seq++
			if err := r.execute(t, r.event("ALTER TABLE n ADD at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)")); err != nil {
				t.Fatal(err)
			}
			for query, want := range map[string]string{
				fmt.Sprintf("SELECT COLUMN_COMMENT FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '%s' AND TABLE_NAME = 'l' AND COLUMN_NAME = 'é'", target): "ü",
				fmt.Sprintf("SELECT at FROM `%s`.n", target): "2023-11-14 22:13:20.123456",
			} {
				var got string
				if err := r.dst.QueryRow(query).Scan(&got); err != nil || got != want {
					t.Errorf("%s: got %q, %v, want %q", query, got, err, want)
				}
			}
			def := r.reg.defs[schema.ID{Schema: r.schema, Name: `we"ird`}]
			if def == nil || def.Columns[1].Default == nil || !strings.HasPrefix(strings.Trim(*def.Columns[1].Default, "'"), `x\`) {
				t.Errorf("the quoted table became %+v", def)
			}
		})
	}
}

// A column that loses digits of seconds, and a first TIMESTAMP, become what they became
// on the source.
func TestTimesOfThen(t *testing.T) {
	for name, flavors := range pairs {
		t.Run(name, func(t *testing.T) {
			r := newReplay(t, flavors)
			r.both(t, "CREATE TABLE f (id INT PRIMARY KEY, d DATETIME(1), t TIME(1))")
			insert := "INSERT INTO `%s`.f VALUES (1, '2024-01-01 00:00:00.7', '00:00:00.7')"
			r.exec(t, fmt.Sprintf(insert, r.schema))
			if _, err := r.dst.Exec(fmt.Sprintf(insert, r.schema+"_to")); err != nil {
				t.Fatal(err)
			}
			r.both(t, "ALTER TABLE f MODIFY d DATETIME, MODIFY t TIME")
			var want, got string
			query := "SELECT CONCAT(d, ' ', t) FROM `%s`.f"
			if err := errors.Join(r.src.QueryRow(fmt.Sprintf(query, r.schema)).Scan(&want), r.dst.QueryRow(fmt.Sprintf(query, r.schema+"_to")).Scan(&got)); err != nil || got != want {
				t.Errorf("got %q, want %q, %v", got, want, err)
			}
			for i, explicit := range []bool{true, false} {
				ev := r.event(fmt.Sprintf("CREATE TABLE e%d (t TIMESTAMP)", i))
				ev.ExplicitDefaults = &explicit
				r.seq++
				if err := r.execute(t, ev); err != nil {
					t.Fatal(err)
				}
				def := r.reg.defs[schema.ID{Schema: r.schema, Name: fmt.Sprintf("e%d", i)}]
				if def.Columns[0].Nullable != explicit {
					t.Errorf("explicit defaults %v: %+v", explicit, def.Columns[0])
				}
			}
		})
	}
}

// Tables whose rows are others under a name than before are told of, so that the copy
// does not go on with those that it read.
func TestRowsUnderOtherNames(t *testing.T) {
	r := newReplay(t, pairs["mariadb"])
	r.both(t, "CREATE TABLE a (id INT PRIMARY KEY)", "CREATE TABLE b (id INT PRIMARY KEY)", "CREATE TABLE p (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 2")
	id := func(name string) schema.ID { return schema.ID{Schema: r.schema, Name: name} }
	r.both(t, "CREATE OR REPLACE TABLE a (id INT PRIMARY KEY, v INT)")
	if diff := cmp.Diff([]schema.ID{id("a")}, r.last.Moved); diff != "" {
		t.Errorf("replaced: %s", diff)
	}
	r.both(t, "RENAME TABLE a TO x, b TO a, x TO b")
	for _, name := range []string{"a", "b"} {
		if !slices.Contains(r.last.Moved, id(name)) {
			t.Errorf("swapped: %v", r.last.Moved)
		}
	}
	r.both(t, "ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE a")
	if len(r.last.Exchanged) != 1 {
		t.Errorf("exchanged: %v", r.last.Exchanged)
	}
}

func TestTurn(t *testing.T) {
	var turn Turn
	begun, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- turn.Yielding(t.Context(), func(ctx context.Context) error {
			close(begun)
			<-ctx.Done()
			return ctx.Err()
		})
	}()
	<-begun
	release, err := turn.Take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, ErrYield) {
		t.Errorf("got %v, want ErrYield", err)
	}
	release()
	if err := turn.Yielding(t.Context(), func(context.Context) error { return nil }); err != nil {
		t.Error(err)
	}
}

// While tables are copied, a child's rows may be there before its parent's: an
// ALTER that rebuilds the child is carried out all the same.
func TestAlterBeforeTheParentsRows(t *testing.T) {
	for _, name := range []string{"mysql", "mariadb"} {
		t.Run(name, func(t *testing.T) {
			r := newReplay(t, pairs[name])
			r.both(t, "CREATE TABLE up (id INT PRIMARY KEY)", "CREATE TABLE down (id INT PRIMARY KEY, u INT, v INT, FOREIGN KEY (u) REFERENCES up (id))")
			r.exec(t, "INSERT INTO up VALUES (1)", "INSERT INTO down VALUES (1, 1, 1)")
			conn, err := r.dst.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			for _, q := range []string{"SET foreign_key_checks = 0", "INSERT INTO " + quoteID(schema.ID{Schema: r.schema + "_to", Name: "down"}) + " VALUES (1, 1, 1)", "SET foreign_key_checks = 1"} {
				if _, err := conn.ExecContext(t.Context(), q); err != nil {
					t.Fatalf("%s: %v", q, err)
				}
			}
			r.both(t, "ALTER TABLE down MODIFY v BIGINT NOT NULL, ADD w INT FIRST, ALGORITHM = COPY")
			r.same(t)
		})
	}
}
