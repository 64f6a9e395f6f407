package table

import "strings"

// Dialect is how a text separates and quotes its fields.
type Dialect struct {
	Comma byte // separates fields
	Quote byte // surrounds fields that have Comma, line ends or doubled Quotes in them; 0 is none
}

// records calls yield with each record of a text that is not an empty line, until it returns false.
// It returns false if the text ends within a quoted field. The fields are only valid until yield
// returns.
func (d Dialect) records(text string, yield func(fields []string) bool) bool {
	var fields []string
	for len(text) > 0 {
		fields = fields[:0]
		for end := false; !end; {
			var field string
			var closed bool
			field, text, end, closed = d.field(text)
			fields = append(fields, field)
			if !closed {
				yield(fields)
				return false
			}
		}
		if len(fields) == 1 && fields[0] == "" {
			continue
		}
		if !yield(fields) {
			return true
		}
	}
	return true
}

// field returns the first field of a text, what follows its separator, and whether that was the end
// of a record. closed is false if a quoted field has no end.
func (d Dialect) field(text string) (field, rest string, end, closed bool) {
	closed = true
	if d.Quote != 0 && text != "" && text[0] == d.Quote {
		field, text, closed = d.quoted(text[1:])
	}
	// After a closing quote, anything up to the separator belongs to the field, too.
	at := strings.IndexAny(text, string([]byte{d.Comma, '\n', '\r'}))
	if at < 0 {
		return field + text, "", true, closed
	}
	field += text[:at]
	switch {
	case text[at] == d.Comma:
		// A separator at the end of the text has an empty field behind it.
		return field, text[at+1:], false, closed
	case strings.HasPrefix(text[at:], "\r\n"):
		return field, text[at+2:], true, closed
	}
	return field, text[at+1:], true, closed
}

// quoted returns the content of a field whose opening quote has been read, and what follows its
// closing quote.
func (d Dialect) quoted(text string) (field, rest string, closed bool) {
	quote := string(d.Quote)
	var b strings.Builder
	for {
		part, after, found := strings.Cut(text, quote)
		b.WriteString(part)
		if !found {
			return b.String(), "", false
		}
		if !strings.HasPrefix(after, quote) {
			return b.String(), after, true
		}
		b.WriteString(quote)
		text = after[1:]
	}
}
