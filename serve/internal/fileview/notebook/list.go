package notebook

import (
	"bytes"
	"encoding/json"
	"errors"
)

// list is a list in JSON. Its elements are decoded only when they are needed, since decoding can
// take a hundred times the memory of the text.
type list struct {
	first []json.RawMessage // at most MaxCells
	more  int               // elements after them
}

var errNoList = errors.New("a value of another type where a list should be")

// UnmarshalJSON implements json.Unmarshaler.
func (l *list) UnmarshalJSON(b []byte) error {
	*l = list{}
	if string(b) == "null" {
		return nil
	}
	if b[0] != '[' {
		return errNoList
	}
	depth, begin, quoted := 0, 1, false
	b = bytes.Clone(b)
	for i := 0; i < len(b); i++ { // package json has checked the syntax
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[', c == '{':
			depth++
		case c == ']', c == '}':
			depth--
			if depth == 0 {
				l.add(b[begin:i])
			}
		case c == ',' && depth == 1:
			l.add(b[begin:i])
			begin = i + 1
		}
	}
	return nil
}

// add adds an element. In an empty list there is only white space.
func (l *list) add(element []byte) {
	element = bytes.TrimSpace(element)
	switch {
	case len(element) == 0:
	case len(l.first) < MaxCells:
		l.first = append(l.first, element)
	default:
		l.more++
	}
}
