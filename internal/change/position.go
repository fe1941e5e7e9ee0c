package change

import (
	"encoding/json"
	"fmt"
)

// Position is a place in a source's log in the form in which it is stored. Only
// package stream makes and reads positions; everyone else keeps them, shows
// them, and asks their set.
type Position struct {
	Kind Kind   `json:"kind"`
	GTID string `json:"gtid,omitempty"` // the executed set; empty for File

	// File and Offset are where the log was when the position was taken: for
	// display, and the position itself where the kind is File.
	File   string `json:"file,omitempty"`
	Offset uint64 `json:"offset,omitempty"`

	// ReadFrom is where reading must begin if that lies before the executed
	// set: kinds whose sets cannot have holes keep the place of the oldest
	// transaction in the XA PREPARED state here.
	ReadFrom string `json:"read_from,omitempty"`
}

// IsZero reports whether there is no position at all.
func (p Position) IsZero() bool { return p == Position{} }

// Set returns the transactions executed at the position.
func (p Position) Set() (*Set, error) {
	if p.Kind == File {
		s := NewSet(File)
		if p.File != "" {
			return ParseSet(File, fmt.Sprintf("%s:%d", p.File, p.Offset))
		}
		return s, nil
	}
	return ParseSet(p.Kind, p.GTID)
}

// Encode gives the stored text of the position.
func (p Position) Encode() string {
	b, err := json.Marshal(p)
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	return string(b)
}

// DecodePosition reads the text Encode made; "" is the zero position.
func DecodePosition(text string) (Position, error) {
	var p Position
	if text == "" {
		return p, nil
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return p, fmt.Errorf("read stored position: %w", err)
	}
	return p, nil
}

// String shows the position to people.
func (p Position) String() string {
	switch {
	case p.GTID != "":
		return p.GTID
	case p.File != "":
		return fmt.Sprintf("%s:%d", p.File, p.Offset)
	default:
		return "(start)"
	}
}
