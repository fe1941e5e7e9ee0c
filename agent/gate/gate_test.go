package gate

import (
	"errors"
	"testing"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/schema"
)

func TestAdmitStopsAtTheOldestLowMark(t *testing.T) {
	g := New(change.MySQL)
	tab := g.Add(modelTable)
	g.Executed(setTo(3))
	g.Copying(true)
	if !g.Admit(idsOf(2)) || g.Admit(idsOf(3)) {
		t.Fatal("while chunks are left, exactly what is executed is admitted")
	}
	c, err := g.Open(tab, setTo(4))
	if err != nil {
		t.Fatal(err)
	}
	g.Executed(setTo(9))
	changed := g.Changed()
	if !g.Admit(idsOf(3)) || g.Admit(idsOf(4)) || g.Idle() {
		t.Fatal("a chunk in flight holds back what its low mark lacks")
	}
	c.Done(setTo(6))
	select {
	case <-changed:
	default:
		t.Error("nobody is told that more is admissible")
	}
	if !g.Admit(idsOf(8)) || !g.Idle() {
		t.Error("a finished chunk holds nothing back")
	}
	if tab.Finish(); !tab.Tolerant(setTo(5)) || tab.Tolerant(setTo(6)) {
		t.Error("the window ends at the high mark")
	}
}

func TestOpenRefusesStaleMarks(t *testing.T) {
	g := New(change.MySQL)
	tab := g.Add(modelTable)
	g.Copying(true)
	g.Executed(setTo(5))
	if _, err := g.Open(tab, setTo(4)); !errors.Is(err, ErrStale) {
		t.Errorf("a mark behind the executed set: got %v", err)
	}
	g.Copying(false)
	if !g.Admit(idsOf(7)) {
		t.Fatal("without chunks everything passes")
	}
	g.Copying(true) // a table came by DDL
	if _, err := g.Open(tab, setTo(6)); !errors.Is(err, ErrStale) {
		t.Errorf("a mark behind what was taken before the copy began again: got %v", err)
	}
	g.Hold(true)
	if _, err := g.Open(tab, setTo(8)); !errors.Is(err, ErrStale) {
		t.Errorf("while the gate is held: got %v", err)
	}
	g.Hold(false)
	if _, err := g.Open(tab, setTo(8)); err != nil {
		t.Error(err)
	}
}

func TestSkip(t *testing.T) {
	g := New(change.MySQL)
	tab := g.Add(schema.ID{Schema: "s", Name: "u"})
	if !tab.Skip(idsOf(0), []byte{1}) || !tab.Skip(idsOf(0), nil) {
		t.Error("nothing is handed out: everything is dropped")
	}
	tab.HandOut(func(raw []byte) bool { return raw[0] > 10 })
	if tab.Skip(idsOf(0), []byte{10}) || !tab.Skip(idsOf(0), []byte{11}) || tab.Skip(idsOf(0), nil) {
		t.Error("only what lies above the bound is dropped")
	}
	tab.HandOut(nil)
	if tab.Skip(idsOf(0), []byte{11}) {
		t.Error("keys that are not compared are never dropped")
	}
	tab.HandOutLast()
	if tab.Skip(idsOf(0), []byte{255}) {
		t.Error("nothing is dropped once the last range is handed out")
	}
	tab.Exact(setTo(3))
	if !tab.Skip(idsOf(2), nil) || tab.Skip(idsOf(3), nil) || tab.Tolerant(setTo(0)) {
		t.Error("a snapshot holds what its position contains, and the rest is strict")
	}
	tab.Finish()
	tab.Restart()
	if !tab.Skip(idsOf(3), nil) {
		t.Error("a copy that begins anew drops everything")
	}
	tab.HandOut(nil)
	if !tab.Tolerant(setTo(3)) {
		t.Error("a copy that begins anew has a window of its own")
	}
}

// A bounded run takes nothing behind the image, unless the image is put off.
func TestStopAt(t *testing.T) {
	g := New(change.MySQL)
	g.Bound(setTo(1))
	if !g.Admit(idsOf(1)) || !g.Admit(idsOf(2)) {
		t.Fatal("without a stop everything passes")
	}
	g.StopAt(setTo(4))
	if !g.Admit(idsOf(3)) {
		t.Error("what belongs to the image is held")
	}
	if g.Admit(idsOf(4)) {
		t.Error("something behind the image passes")
	}
	g.StopAt(nil)
	if !g.Admit(idsOf(4)) {
		t.Error("the stop is not lifted")
	}
	if end := g.StopAt(setTo(2)); !end.Equal(setTo(5)) {
		t.Errorf("a stop in the past ends at %s", end)
	}
}

// What some lanes have of a batch belongs to the image.
func TestStopBehindWhatIsBegun(t *testing.T) {
	g := New(change.MySQL)
	g.Bound(setTo(2))
	g.Begun(setTo(4))
	if end := g.StopAt(setTo(1)); !end.Equal(setTo(4)) {
		t.Errorf("the run ends at %s", end)
	}
	if !g.Admit(idsOf(2)) || !g.Admit(idsOf(3)) {
		t.Error("a batch that is begun cannot be completed")
	}
	if g.Admit(idsOf(4)) {
		t.Error("something behind the image passes")
	}
}
