package sqltext_test

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidegate-io/tidegate/agent/apply/sqltext"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

var twoInts = &change.TableMap{Schema: "s", Name: "t", Types: []byte{change.TypeLong, change.TypeLong}, Meta: []uint16{0, 0}}

func image(t *testing.T, id uint32, v *uint32) change.Row {
	t.Helper()
	data := []byte{0}
	if v == nil {
		data[0] = 2
	}
	data = binary.LittleEndian.AppendUint32(data, id)
	if v != nil {
		data = binary.LittleEndian.AppendUint32(data, *v)
	}
	row, _, err := twoInts.Cut(data, make([]change.Span, 2))
	if err != nil {
		t.Fatal(err)
	}
	return row
}

func columns(t *testing.T) []sqltext.Column {
	t.Helper()
	var out []sqltext.Column
	for i, name := range []string{"id", "v`2"} {
		col := &schema.Column{Name: name, Type: "int", DataType: "int", Nullable: i == 1}
		codec, err := schema.NewCodec(col, change.TypeLong, 0)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, sqltext.Column{Name: name, Source: i, Codec: codec, Type: col})
	}
	return out
}

func TestTexts(t *testing.T) {
	cols := columns(t)
	target := &schema.Table{Schema: "d", Name: "tg_new"}
	seven := uint32(7)
	row, null := image(t, 1, &seven), image(t, 2, nil)
	keyed := sqltext.New(target, cols, cols[:1], "PRIMARY", sqltext.Form{Flavor: mysql.MySQL, RowAlias: true})
	both := sqltext.New(target, cols, cols, "u", sqltext.Form{Flavor: mysql.MariaDB})
	bare := sqltext.New(target, cols, nil, "", sqltext.Form{Flavor: mysql.MariaDB})
	narrow := sqltext.New(target, cols, nil, "", sqltext.Form{})
	narrow.Narrow = cols[:1]
	enum := &schema.Column{Name: "e", Type: "enum('a','b')", DataType: "enum"}
	codec, err := schema.NewCodec(enum, change.TypeString, change.TypeEnum<<8|1)
	if err != nil {
		t.Fatal(err)
	}
	labelled := sqltext.New(target, cols, []sqltext.Column{cols[0], {Name: "e", Codec: codec, Type: enum}}, "u", sqltext.Form{Flavor: mysql.MySQL})

	rows := func(tb *sqltext.Table, v sqltext.Verb, upsert bool) ([]byte, error) {
		dst, err := tb.AppendRow(tb.AppendHead(nil, v), row)
		if upsert {
			dst = tb.AppendUpsert(dst)
		}
		return dst, err
	}
	for _, c := range []struct {
		name string
		f    func() ([]byte, error)
		want string
	}{
		{"replace", func() ([]byte, error) { return rows(keyed, sqltext.Replace, false) }, "REPLACE INTO `d`.`tg_new` (`id`,`v``2`) VALUES (1,7)"},
		{"upsert", func() ([]byte, error) { return rows(keyed, sqltext.Insert, true) },
			"INSERT INTO `d`.`tg_new` (`id`,`v``2`) VALUES (1,7) AS tg_new_ ON DUPLICATE KEY UPDATE `id`=tg_new_.`id`,`v``2`=tg_new_.`v``2`"},
		{"upsert without alias", func() ([]byte, error) { return rows(both, sqltext.Insert, true) },
			"INSERT INTO `d`.`tg_new` (`id`,`v``2`) VALUES (1,7) ON DUPLICATE KEY UPDATE `id`=VALUES(`id`),`v``2`=VALUES(`v``2`)"},
		{"delete many", func() ([]byte, error) { return keyed.AppendKey(keyed.AppendDeleteHead(nil), row) },
			"DELETE `d`.`tg_new` FROM `d`.`tg_new` FORCE INDEX (`PRIMARY`) WHERE `id` IN (1"},
		{"delete many by two columns", func() ([]byte, error) { return both.AppendKey(both.AppendDeleteHead(nil), row) },
			"DELETE `d`.`tg_new` FROM `d`.`tg_new` FORCE INDEX (`u`) WHERE (`id`,`v``2`) IN ((1,7)"},
		{"delete many by a key with an ENUM", func() ([]byte, error) {
			dst, err := labelled.AppendKey(labelled.AppendDeleteHead(nil), row)
			if err != nil {
				return nil, err
			}
			return labelled.AppendKey(labelled.AppendKeySeparator(dst), row)
		}, "DELETE `d`.`tg_new` FROM `d`.`tg_new` FORCE INDEX (`u`) WHERE ((`id`,`e`) = (1,1) OR (`id`,`e`) = (1,1)"},
		{"update by key", func() ([]byte, error) { return keyed.AppendUpdate(nil, row, null) }, "UPDATE `d`.`tg_new` SET `id`=2,`v``2`=NULL WHERE `id`=1 LIMIT 1"},
		{"delete by bytes", func() ([]byte, error) { return bare.AppendDelete(nil, null, 1) }, "DELETE FROM `d`.`tg_new` WHERE `id` = 2 AND `v``2` IS NULL LIMIT 1"},
		{"delete by bytes with an index", func() ([]byte, error) { return narrow.AppendDelete(nil, row, 3) },
			"DELETE FROM `d`.`tg_new` WHERE `id`=1 AND `id` = 1 AND `v``2` = 7 LIMIT 3"},
		{"select", func() ([]byte, error) { return keyed.AppendSelect(nil, row) }, "SELECT `id`,`v``2` FROM `d`.`tg_new` WHERE `id`=1 LIMIT 1"},
	} {
		got, err := c.f()
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if d := cmp.Diff(c.want, string(got)); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
	if !keyed.Equal(row, row) || keyed.Equal(row, null) {
		t.Error("Equal is wrong")
	}
}
