package structure

import (
	"testing"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// Whatever of a definition is changed, one thing at a time, the comparison of
// definitions sees it.
func TestFingerprintSeesEverything(t *testing.T) {
	const base = "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20) NOT NULL DEFAULT 'x\\\\y', b INT DEFAULT 1, c TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, g INT AS (b + 1) STORED, k INT, UNIQUE KEY u (a(10)), KEY kb (b), CONSTRAINT ck CHECK (b NOT IN (5, 7) AND a <> '\\\\')) COLLATE utf8mb4_general_ci"
	mutations := []string{
		"DROP KEY u, ADD UNIQUE KEY u (a)", "DROP KEY u, ADD UNIQUE KEY u (a(9))", "DROP KEY u, ADD KEY u (a(10))", "DROP KEY kb, ADD KEY kb (b DESC)", "DROP KEY kb, ADD KEY kb (b, k)",
		"MODIFY a VARCHAR(20) NOT NULL DEFAULT 'xy'", "MODIFY a VARCHAR(20) NULL DEFAULT 'x\\\\y'", "MODIFY a VARCHAR(20) NOT NULL", "MODIFY a VARCHAR(21) NOT NULL DEFAULT 'x\\\\y'", "MODIFY a VARCHAR(20) COLLATE utf8mb4_unicode_ci NOT NULL DEFAULT 'x\\\\y'",
		"MODIFY a VARCHAR(20) NOT NULL DEFAULT 'x\\\\y' COMMENT 'c'", "MODIFY b INT UNSIGNED DEFAULT 1", "MODIFY b INT DEFAULT NULL", "MODIFY c TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP", "MODIFY c TIMESTAMP NULL ON UPDATE CURRENT_TIMESTAMP", "MODIFY c TIMESTAMP(1) NULL DEFAULT CURRENT_TIMESTAMP(1) ON UPDATE CURRENT_TIMESTAMP(1)",
		"DROP g, ADD g INT AS (b + 2) STORED AFTER c", "DROP g, ADD g INT AS (b + 1) VIRTUAL AFTER c", "MODIFY k INT FIRST", "MODIFY k INT INVISIBLE",
		"DROP CONSTRAINT ck", "DROP CONSTRAINT ck, ADD CONSTRAINT ck CHECK (b IN (5, 7) AND a <> '\\\\')", "DROP CONSTRAINT ck, ADD CONSTRAINT ck CHECK (b NOT IN (5, 7) AND a <> '')", "COMMENT = 'x'", "ROW_FORMAT = DYNAMIC",
		"DROP PRIMARY KEY", "ADD CONSTRAINT fk FOREIGN KEY (k) REFERENCES t (id)", "ADD CONSTRAINT fk FOREIGN KEY (k) REFERENCES t (id) ON DELETE CASCADE",
	}
	for name, more := range map[string][]string{
		"mysql":   {"ALTER INDEX kb INVISIBLE", "ADD KEY fn ((b * 2))", "ADD KEY fn ((b * 3))", "ALTER CHECK ck NOT ENFORCED"},
		"mariadb": {"ALTER INDEX kb IGNORED", "MODIFY b INT DEFAULT (1 + 1)", "ADD SYSTEM VERSIONING"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, [2]dbtest.Flavor{pairs[name][0], pairs[name][1]})
			p.exec(t, base)
			seen := map[string]string{p.read(t).Fingerprint(): "nothing"}
			for _, m := range append(append([]string{}, mutations...), more...) {
				p.exec(t, "DROP TABLE t", base, "ALTER TABLE t "+m)
				f := p.read(t).Fingerprint()
				if was, ok := seen[f]; ok {
					t.Errorf("after %q the definition seems to be that after %q", m, was)
				}
				seen[f] = m
			}
			p.exec(t, "DROP TABLE t", base)
			if seen[p.read(t).Fingerprint()] != "nothing" {
				t.Error("the same definition differs from itself")
			}
		})
	}
}
