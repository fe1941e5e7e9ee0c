package schema

import (
	"testing"

	"github.com/tidegate-io/tidegate/internal/mysql"
)

// Only what the mode is for may have been warned of: a value that a statement
// writes is never let go.
func TestOnlyLax(t *testing.T) {
	plain := &Table{Columns: []Column{{Name: "id"}, {Name: "s"}}}
	computes := &Table{Columns: []Column{{Name: "id"}, {Name: "s"}, {Name: "N", Generation: Stored}, {Name: "it's", Generation: Virtual}}}
	indexed := &Table{Columns: []Column{{Name: "s"}}, Keys: []Key{{Parts: []KeyPart{{Expression: "upper(s)"}}}}}
	for _, tt := range []struct {
		table *Table
		lax   int
		ok    bool
		list  []mysql.Warning
	}{
		{plain, 0, true, nil},
		{plain, 1, true, []mysql.Warning{{Number: 1265, Message: "Data truncated for column 's' at row 1"}}},
		{plain, 1, false, []mysql.Warning{{Number: 1265, Message: "Data truncated for column 's' at row 1"}, {Number: 1265, Message: "Data truncated for column 's' at row 2"}}},
		{plain, 0, false, []mysql.Warning{{Number: 1264, Message: "Out of range value for column 's' at row 1"}}},
		{plain, 0, false, []mysql.Warning{{Number: 1292, Message: "Truncated incorrect INTEGER value: 'x'"}}},
		{computes, 0, true, []mysql.Warning{{Number: 1264, Message: "Out of range value for column 'n' at row 1"}, {Number: 1366, Message: "Incorrect integer value: 'x' for column `d`.`t`.`it's` at row 12"}}},
		{computes, 0, true, []mysql.Warning{{Number: 1048, Message: "Column 'N' cannot be null"}, {Number: 1292, Message: "Truncated incorrect DOUBLE value: 'x'"}, {Number: 1365, Message: "Division by 0"}}},
		{computes, 0, true, []mysql.Warning{{Number: 3156, Message: "Invalid JSON value for CAST to INTEGER from column json_extract at row 1"}}},
		{computes, 0, false, []mysql.Warning{{Number: 1048, Message: "Column 's' cannot be null"}}},
		{computes, 0, false, []mysql.Warning{{Number: 1264, Message: "Out of range value for column 'n' at row 1"}, {Number: 1406, Message: "Data too long for column 's' at row 1"}}},
		{computes, 0, false, []mysql.Warning{{Number: 1366, Message: "Incorrect string value: 'for column 'n' at row 1' for column 's' at row 1"}}},
		{computes, 0, false, []mysql.Warning{{Number: 1292, Message: "Incorrect datetime value: 'x' for column 's' at row 1"}}},
		{computes, 0, false, []mysql.Warning{{Number: 1300, Message: "Invalid utf8mb4 character string: 'F0'"}}},
		{indexed, 0, true, []mysql.Warning{{Number: 3751, Message: "Data truncated for functional index 'x' at row 1"}}},
		{indexed, 0, false, []mysql.Warning{{Number: 1265, Message: "Data truncated for column 's' at row 1"}}},
	} {
		if err := tt.table.OnlyLax(tt.list, tt.lax); (err == nil) != tt.ok {
			t.Errorf("%v with %d: %v", tt.list, tt.lax, err)
		}
	}
}
