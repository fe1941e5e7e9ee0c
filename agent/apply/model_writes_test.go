package apply

// drawEdits draws a transaction that the source can commit now. small is for
// the exhaustive model: one change, few values.
func (m *model) drawEdits() []edit {
	if m.small {
		return m.smallEdits()
	}
	shadow := m.src.rows.clone()
	var out []edit
	for range 1 + m.pick(3) {
		for _, e := range m.drawOne(shadow) {
			e.apply(shadow)
			out = append(out, e)
		}
	}
	return out
}

func (m *model) drawOne(s side) []edit {
	switch name := m.names[m.pick(len(m.names))]; {
	case name == "k":
		return m.drawKeyless(s)
	case name == "t" && m.pick(5) == 0:
		return m.drawSwap(s)
	default:
		return m.drawKeyed(s, name)
	}
}

// key draws a key; the greatest ones come late.
func (m *model) key() int { return m.pick(min(modelKeys, 5+len(m.src.log)/3)) }

func (m *model) drawKeyless(s side) []edit {
	r := row{id: m.pick(2), v: m.pick(2)}
	if s.bag[r] == 0 {
		return []edit{{table: "k", after: &r}}
	}
	switch m.pick(3) {
	case 0:
		return []edit{{table: "k", after: &r}} // one more of the same
	case 1:
		return []edit{{table: "k", before: &r}}
	default:
		to := row{id: r.id, v: 1 - r.v}
		return []edit{{table: "k", before: &r, after: &to}}
	}
}

func (m *model) drawKeyed(s side, table string) []edit {
	id, u := m.key(), 0
	if table == "t" {
		u = m.pick(5)
	}
	r := row{id: id, u: u, v: m.pick(3)}
	old, there := s.keyed[table][id]
	switch k := m.pick(10); {
	case k < 5 && free(s, table, u, id):
		if !there {
			return []edit{{table: table, after: &r}}
		}
		if old == r { // nothing is logged for it
			return nil
		}
		return []edit{{table: table, before: &old, after: &r}}
	case k < 8 && there:
		return []edit{{table: table, before: &old}}
	case there: // the key itself changes
		to := old
		to.id = m.key()
		if _, taken := s.keyed[table][to.id]; taken {
			return nil
		}
		return []edit{{table: table, before: &old, after: &to}}
	}
	return nil
}

func free(s side, table string, u, but int) bool {
	for id, r := range s.keyed[table] {
		if u != 0 && r.u == u && id != but {
			return false
		}
	}
	return true
}

// drawSwap lets two rows change their unique values, by way of NULL.
func (m *model) drawSwap(s side) []edit {
	a, aThere := s.keyed["t"][m.key()]
	b, bThere := s.keyed["t"][m.key()]
	if !aThere || !bThere || a.id == b.id || a.u == b.u {
		return nil
	}
	none, bNow, aNow := a, b, a
	none.u, bNow.u, aNow.u = 0, a.u, b.u
	out := []edit{{table: "t", before: &a, after: &none}, {table: "t", before: &b, after: &bNow}, {table: "t", before: &none, after: &aNow}}
	if a.u == 0 { // nothing was taken away
		out = out[1:]
		out[0], out[1] = edit{table: "t", before: &b, after: &row{id: b.id, v: b.v}}, edit{table: "t", before: &a, after: &aNow}
	}
	return out
}

// smallEdits draws one change of few rows.
func (m *model) smallEdits() []edit {
	s := m.src.rows
	var choices [][]edit
	for id := range 2 {
		old, there := s.keyed["t"][id]
		r := row{id: id, u: 1, v: len(m.src.log) + 1} // every image is another
		if !free(s, "t", 1, id) {
			r.u = 0
		}
		if !there {
			choices = append(choices, []edit{{table: "t", after: &r}})
			continue
		}
		choices = append(choices, []edit{{table: "t", before: &old}}, []edit{{table: "t", before: &old, after: &r}})
		if _, taken := s.keyed["t"][1-id]; !taken {
			to := old
			to.id = 1 - id
			choices = append(choices, []edit{{table: "t", before: &old, after: &to}})
		}
	}
	return choices[m.pick(len(choices))]
}
