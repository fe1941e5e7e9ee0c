package structure

import (
	"testing"

	"github.com/tidegate-io/tidegate/internal/schema"
)

// A server's estimates move from one reading to the next. Whether an index is
// left out is decided once: a table that is made by one reading and noted by
// another would end without it.
func TestSizesStayWithTheDefinition(t *testing.T) {
	table := func(name, create string, rows, bytes uint64) *Table {
		return &Table{Definition: &schema.Table{Schema: "s", Name: name}, Create: create, Rows: rows, Bytes: bytes}
	}
	now := &Model{Tables: []*Table{table("same", "CREATE TABLE `same` (a int)", 9, 9), table("altered", "CREATE TABLE `altered` (a int, b int)", 8, 8), table("new", "CREATE TABLE `new` (a int)", 7, 7)}}
	now.keepSizes(&Model{Tables: []*Table{table("same", "CREATE TABLE `same` (a int)", 1000, 1<<30), table("altered", "CREATE TABLE `altered` (a int)", 1000, 1<<30)}})
	for i, want := range []uint64{1 << 30, 800, 700} {
		if got := now.Tables[i].size(); got != want {
			t.Errorf("%s: %d bytes, want %d", now.Tables[i].ID(), got, want)
		}
	}
}
