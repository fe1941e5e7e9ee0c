package cases

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

const readMore = `--let $n = 7
connect (b,localhost,root,,);
SET @more = 1;
`

const readText = `# a remark; no statement
--source include/more.inc
--disable_warnings
CREATE TABLE t1 (a INT); INSERT INTO t1 VALUES (1);
--error 1062
let $v= 5;
eval INSERT INTO t1 VALUES ($v, $n);
eval INSERT INTO t1 VALUES ($unknown);
delimiter //;
CREATE TRIGGER x BEFORE INSERT ON t1 FOR EACH ROW BEGIN SET @a = ';'; END//
delimiter ;//
connect (con1,localhost,root,,);
UPDATE t1 SET a = 'x;#y' -- ; no end
WHERE a = 1;
perl;
  print "x;";
EOF
--disable_parsing
DELETE FROM t1;
--enable_parsing
if ($v)
{
  enable_info;
  DROP TABLE /* ; */ t1;
}
connection default;
SET @last = 1;
exit;
SET @never = 1;
`

func TestReadScript(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{"include/more.inc": readMore, "t/a.test": readText} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, s := range readScript(root, filepath.Join(root, "t/a.test")) {
		got = append(got, s.connection+": "+s.sql)
	}
	want := []string{
		"b: SET @more = 1", "default: CREATE TABLE t1 (a INT)", "default: INSERT INTO t1 VALUES (1)", "default: INSERT INTO t1 VALUES (5, 7)",
		"default: CREATE TRIGGER x BEFORE INSERT ON t1 FOR EACH ROW BEGIN SET @a = ';'; END",
		"con1: UPDATE t1 SET a = 'x;#y' -- ; no end\nWHERE a = 1", "con1: DROP TABLE /* ; */ t1", "default: SET @last = 1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}
