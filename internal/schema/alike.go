package schema

import "strings"

// Alike reports whether two columns, perhaps of servers of different flavours,
// hold the same values in the same form.
func (c *Column) Alike(o *Column) bool {
	if (c.DataType == "enum" || c.DataType == "set") && c.Type != o.Type {
		return false
	}
	// Servers count the digits of a MEDIUMINT UNSIGNED differently.
	digits := c.Precision == o.Precision || strings.HasSuffix(c.DataType, "int")
	return digits && c.DataType == o.DataType && c.Unsigned == o.Unsigned && c.Nullable == o.Nullable && c.Charset == o.Charset && c.Generation == o.Generation &&
		c.Length == o.Length && c.Scale == o.Scale && c.Fraction == o.Fraction
}

// otherNames are types of one flavour by their names in the other.
var otherNames = map[string]string{"json": "longtext", "geomcollection": "geometrycollection"}

// SameShape reports whether columns of two flavours hold the same values in the
// same form by whatever name, NULL and generated or not.
func (c *Column) SameShape(o *Column) bool {
	x, y := *c, *o
	for _, c := range []*Column{&x, &y} {
		if name, ok := otherNames[c.DataType]; ok {
			c.DataType, c.Charset, c.Length = name, "", 0
		}
		c.Nullable, c.Generation = false, ""
	}
	if x.DataType == "longtext" && (x.Charset == "" || y.Charset == "") {
		x.Charset, x.Length = y.Charset, y.Length
	}
	return x.Alike(&y)
}
