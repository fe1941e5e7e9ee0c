package change

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Kind tells how a source names its transactions.
type Kind string

// The ways of naming a transaction.
const (
	MySQL   Kind = "mysql"   // uuid[:tag]:number
	MariaDB Kind = "mariadb" // domain-server-number
	File    Kind = "file"    // end of the transaction as log file and offset
)

// ID names one transaction. IDs of one source are comparable with ==.
type ID struct {
	Source string // MySQL: "uuid" or "uuid:tag", lower case. MariaDB: the domain. File: the log file
	Server uint32 // MariaDB only
	N      uint64 // number in its source; File: offset of the transaction's end
}

// interval holds the numbers first to last, both included.
type interval struct{ first, last uint64 }

// Set is a set of executed transactions of one kind.
//
// MySQL sets are exact. A MariaDB set holds the last transaction of each
// domain, and contains what the domain's numbers say came before it. A File set
// is one place in the log and contains all that ends at or before it.
type Set struct {
	kind  Kind
	mysql map[string][]interval // sorted, disjoint, not adjacent
	maria map[string]ID
	end   ID // File: Source is empty as long as the set is
}

// NewSet returns an empty set.
func NewSet(k Kind) *Set {
	return &Set{kind: k, mysql: map[string][]interval{}, maria: map[string]ID{}}
}

// ParseSet reads a set in the text form of its kind: "uuid:1-5:7,uuid:tag:1",
// "0-1-5,1-1-9", or "binlog.000004:4711". Blanks and line breaks around the
// parts are allowed, as servers print them.
func ParseSet(k Kind, text string) (*Set, error) {
	s := NewSet(k)
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		var err error
		switch k {
		case MySQL:
			err = s.parseMySQL(part)
		case MariaDB:
			err = s.parseMariaDB(part)
		case File:
			err = s.parseFile(part)
		default:
			err = fmt.Errorf("unknown kind %q", k)
		}
		if err != nil {
			return nil, fmt.Errorf("parse transaction set %q: %w", text, err)
		}
	}
	return s, nil
}

func (s *Set) parseMySQL(part string) error {
	fields := strings.Split(part, ":")
	source := strings.ToLower(fields[0])
	uuid := source
	if len(uuid) != 36 || len(fields) < 2 {
		return fmt.Errorf("%q is not uuid:interval", part)
	}
	for _, f := range fields[1:] {
		f = strings.TrimSpace(f)
		if f == "" {
			return fmt.Errorf("empty interval in %q", part)
		}
		if c := f[0]; c < '0' || c > '9' { // a tag holds for the intervals after it
			source = uuid + ":" + strings.ToLower(f)
			continue
		}
		a, b, ranged := strings.Cut(f, "-")
		first, err := strconv.ParseUint(a, 10, 64)
		if err != nil {
			return err
		}
		last := first
		if ranged {
			if last, err = strconv.ParseUint(b, 10, 64); err != nil {
				return err
			}
		}
		if first == 0 || last < first {
			return fmt.Errorf("interval %q is empty", f)
		}
		s.addInterval(source, interval{first, last})
	}
	return nil
}

func (s *Set) parseMariaDB(part string) error {
	f := strings.Split(part, "-")
	if len(f) != 3 {
		return fmt.Errorf("%q is not domain-server-number", part)
	}
	if _, err := strconv.ParseUint(f[0], 10, 32); err != nil {
		return err
	}
	server, err := strconv.ParseUint(f[1], 10, 32)
	if err != nil {
		return err
	}
	n, err := strconv.ParseUint(f[2], 10, 64)
	if err != nil {
		return err
	}
	s.Add(ID{Source: f[0], Server: uint32(server), N: n})
	return nil
}

func (s *Set) parseFile(part string) error {
	i := strings.LastIndexByte(part, ':')
	if i < 1 {
		return fmt.Errorf("%q is not file:offset", part)
	}
	n, err := strconv.ParseUint(part[i+1:], 10, 64)
	if err != nil {
		return err
	}
	if _, _, ok := splitLogName(part[:i]); !ok {
		return fmt.Errorf("log file %q does not end in a number", part[:i])
	}
	s.Add(ID{Source: part[:i], N: n})
	return nil
}

// splitLogName takes a log file's name apart; numbers are compared as numbers,
// since .999999 is followed by .1000000.
func splitLogName(name string) (base string, n uint64, ok bool) {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return "", 0, false
	}
	n, err := strconv.ParseUint(name[i+1:], 10, 64)
	return name[:i], n, err == nil
}

func fileAtMost(a, b ID) bool {
	_, an, _ := splitLogName(a.Source)
	_, bn, _ := splitLogName(b.Source)
	if an != bn {
		return an < bn
	}
	return a.N <= b.N
}

// Kind returns how this set's transactions are named.
func (s *Set) Kind() Kind { return s.kind }

// End returns the place a File set ends at, the zero ID if it is empty.
func (s *Set) End() ID { return s.end }

// Empty reports whether the set holds nothing.
func (s *Set) Empty() bool {
	return len(s.mysql) == 0 && len(s.maria) == 0 && s.end.Source == ""
}

// Add puts one transaction into the set. A MariaDB or File set only grows: what
// it already contains changes nothing.
func (s *Set) Add(id ID) {
	switch s.kind {
	case MySQL:
		s.addInterval(id.Source, interval{id.N, id.N})
	case MariaDB:
		if old, ok := s.maria[id.Source]; !ok || old.N < id.N {
			s.maria[id.Source] = id
		}
	case File:
		if s.end.Source == "" || fileAtMost(s.end, id) {
			s.end = id
		}
	}
}

func (s *Set) addInterval(source string, n interval) {
	in := s.mysql[source]
	if k := len(in); k > 0 && in[k-1].last+1 == n.first { // the usual case: the next number
		in[k-1].last = n.last
		return
	}
	i, _ := slices.BinarySearchFunc(in, n.first, func(v interval, first uint64) int {
		if v.last+1 < first {
			return -1
		}
		return 1
	})
	j := i
	for j < len(in) && in[j].first <= n.last+1 {
		n.first, n.last = min(n.first, in[j].first), max(n.last, in[j].last)
		j++
	}
	s.mysql[source] = slices.Replace(in, i, j, n)
}

// Contains reports whether the set holds the transaction.
func (s *Set) Contains(id ID) bool {
	switch s.kind {
	case MySQL:
		return s.containsInterval(id.Source, interval{id.N, id.N})
	case MariaDB:
		last, ok := s.maria[id.Source]
		return ok && id.N <= last.N
	default:
		return s.end.Source != "" && fileAtMost(id, s.end)
	}
}

func (s *Set) containsInterval(source string, n interval) bool {
	in := s.mysql[source]
	i, _ := slices.BinarySearchFunc(in, n.first, func(v interval, first uint64) int {
		if v.last < first {
			return -1
		}
		return 1
	})
	return i < len(in) && in[i].first <= n.first && n.last <= in[i].last
}

// Includes reports whether every transaction of o is in s.
func (s *Set) Includes(o *Set) bool {
	switch s.kind {
	case MySQL:
		for source, in := range o.mysql {
			for _, n := range in {
				if !s.containsInterval(source, n) {
					return false
				}
			}
		}
	case MariaDB:
		for _, id := range o.maria {
			if !s.Contains(id) {
				return false
			}
		}
	default:
		return o.end.Source == "" || s.Contains(o.end)
	}
	return true
}

// Union adds all of o to s.
func (s *Set) Union(o *Set) {
	for source, in := range o.mysql {
		for _, n := range in {
			s.addInterval(source, n)
		}
	}
	for _, id := range o.maria {
		s.Add(id)
	}
	if o.end.Source != "" {
		s.Add(o.end)
	}
}

// Minus returns the part of s that is not in o. Of MariaDB and File sets, whose
// members before the end are not listed, it returns the ends that o lacks.
func (s *Set) Minus(o *Set) *Set {
	out := NewSet(s.kind)
	for source, in := range s.mysql {
		for _, n := range in {
			for _, cut := range o.mysql[source] {
				if cut.last < n.first {
					continue
				}
				if cut.first > n.last {
					break
				}
				if cut.first > n.first {
					out.addInterval(source, interval{n.first, cut.first - 1})
				}
				n.first = cut.last + 1
				if n.first > n.last {
					break
				}
			}
			if n.first <= n.last {
				out.addInterval(source, n)
			}
		}
	}
	for _, id := range s.maria {
		if !o.Contains(id) {
			out.Add(id)
		}
	}
	if s.end.Source != "" && !o.Contains(s.end) {
		out.end = s.end
	}
	return out
}

// Equal reports whether both sets hold the same transactions.
func (s *Set) Equal(o *Set) bool { return s.Includes(o) && o.Includes(s) }

// Clone returns a copy that shares nothing.
func (s *Set) Clone() *Set {
	c := &Set{kind: s.kind, mysql: make(map[string][]interval, len(s.mysql)), maria: maps.Clone(s.maria), end: s.end}
	for source, in := range s.mysql {
		c.mysql[source] = slices.Clone(in)
	}
	return c
}

// String gives the set's text in its server's own form, sources sorted, so that
// equal sets have equal texts. The empty set is "".
func (s *Set) String() string {
	var b strings.Builder
	sep := func() {
		if b.Len() > 0 {
			b.WriteByte(',')
		}
	}
	for _, source := range slices.Sorted(maps.Keys(s.mysql)) {
		sep()
		b.WriteString(source)
		for _, n := range s.mysql[source] {
			fmt.Fprintf(&b, ":%d", n.first)
			if n.last > n.first {
				fmt.Fprintf(&b, "-%d", n.last)
			}
		}
	}
	for _, domain := range slices.SortedFunc(maps.Keys(s.maria), func(a, b string) int {
		x, _ := strconv.ParseUint(a, 10, 32)
		y, _ := strconv.ParseUint(b, 10, 32)
		return int(int64(x) - int64(y))
	}) {
		sep()
		id := s.maria[domain]
		fmt.Fprintf(&b, "%s-%d-%d", id.Source, id.Server, id.N)
	}
	if s.end.Source != "" {
		fmt.Fprintf(&b, "%s:%d", s.end.Source, s.end.N)
	}
	return b.String()
}
