package structure

import (
	"testing"

	"github.com/tidegate-io/tidegate/internal/mysql"
)

// TestColumnsChangePlacesOnce: columns of one type that change places leave the
// definition as it was; only InnoDB's numbers tell that it was done before a crash.
func TestColumnsChangePlacesOnce(t *testing.T) {
	for _, name := range []string{"mysql", "mariadb"} {
		t.Run(name, func(t *testing.T) {
			r := newReplay(t, pairs[name])
			r.both(t, "CREATE TABLE a (id INT PRIMARY KEY, x INT NOT NULL DEFAULT 7, y INT NOT NULL DEFAULT 7)")
			r.onTarget(t, "INSERT INTO a VALUES (1, 10, 20)")
			// The names change places, and the columns too, so that the text is the same.
			for _, q := range []string{
				"ALTER TABLE a CHANGE x y INT NOT NULL DEFAULT 7 AFTER id, CHANGE y x INT NOT NULL DEFAULT 7 AFTER id",
				"ALTER TABLE a DROP y, CHANGE x y INT NOT NULL DEFAULT 7 AFTER id, ADD x INT NOT NULL DEFAULT 7 AFTER id",
			} {
				r.crash(t, q)
			}
			r.same(t)
			var x, y int
			if err := r.dst.QueryRowContext(t.Context(), "SELECT x, y FROM "+mysql.Table(r.schema+"_to", "a")).Scan(&x, &y); err != nil || x != 7 || y != 20 {
				t.Errorf("x = %d, y = %d, %v", x, y, err)
			}
		})
	}
}
