package checkpoint

import (
	"encoding/json"
	"fmt"
)

// version of the form of values: JSON after one byte.
const version = 1

// Encode makes a record's value.
func Encode(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode checkpoint record: %w", err)
	}
	return append([]byte{version}, b...), nil
}

// Decode reads what Encode made. A version it does not know is an error: a
// newer program has been here.
func Decode(b []byte, v any) error {
	if len(b) == 0 || b[0] != version {
		return fmt.Errorf("checkpoint record has an unknown form (%d bytes): it was written by another version of tidegate", len(b))
	}
	if err := json.Unmarshal(b[1:], v); err != nil {
		return fmt.Errorf("decode checkpoint record: %w", err)
	}
	return nil
}
