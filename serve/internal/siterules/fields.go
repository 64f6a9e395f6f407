package siterules

// Limits of what the blocks add to one answer. Fields beyond them are left out.
const (
	maxFields     = 100
	maxFieldBytes = 8 << 10 // with their names
)

// Fields are the header fields that the blocks of _headers ask for. Its memory is used again.
type Fields struct {
	// Lines are the fields, each "Name: value\r\n", but those below.
	Lines []byte
	// CacheControl takes the place of the server's if SetsCacheControl is true. It may be empty.
	CacheControl     []byte
	SetsCacheControl bool
	Type             []byte // Content-Type; empty if the server's stays

	captures captures
	active   []activeField
	values   []byte
	size     int // of names and values
}

// activeField is a field of a block that holds for a request.
type activeField struct {
	*field
	from, to int // its value in Fields.values
}

// Fields makes f what the blocks ask for that hold for a request. skip is called with the names of
// fields, in lower case, and returns true for those that must not be set. It may be nil. It returns
// false if there is nothing to do.
func (s *Site) Fields(r *Request, skip func(lower string) bool, f *Fields) bool {
	f.SetsCacheControl, f.Type, f.CacheControl = false, f.Type[:0], f.CacheControl[:0]
	f.active, f.values, f.Lines, f.size = f.active[:0], f.values[:0], f.Lines[:0], 0
	if s == nil {
		return false
	}
	list := s.headers.table.at(r.Path)
	for i := list.next(); i >= 0 && len(f.active) < maxFields; i = list.next() {
		if rule := &s.headers.rules[i]; rule.path.match(r, &f.captures) {
			f.captures.decoded = maxNames
			f.remove(rule.unset)
			f.add(rule.set, skip)
		}
	}
	if len(f.active) == 0 {
		return f.SetsCacheControl
	}
	for i := range f.active {
		if f.active[i].field != nil {
			f.write(i)
		}
	}
	clear(f.active)
	return true
}

// remove takes out the fields with some names.
func (f *Fields) remove(names []string) {
	for _, name := range names {
		if name == cacheControl {
			f.SetsCacheControl = true // to none
		}
		for i := range f.active {
			if a := &f.active[i]; a.field != nil && a.lower == name {
				a.field = nil
			}
		}
	}
}

const (
	cacheControl = "cache-control"
	contentType  = "content-type"
)

// add adds the fields of a block.
func (f *Fields) add(fields []field, skip func(string) bool) {
	for i := range fields {
		if skip != nil && skip(fields[i].lower) {
			continue
		}
		if len(f.active) == maxFields {
			return
		}
		from := len(f.values)
		for k := range fields[i].value {
			p := &fields[i].value[k]
			if p.capture < 0 {
				f.values = append(f.values, p.text...)
				continue
			}
			f.values = appendEscaped(f.values, f.captures.text[p.capture], pathByte)
			f.values = f.captures.end(f.values, p.capture)
		}
		if f.size += len(fields[i].name) + len(f.values) - from; f.size > maxFieldBytes {
			return
		}
		f.active = append(f.active, activeField{&fields[i], from, len(f.values)})
	}
}

// write writes field i, with the values of later ones of the same name, which are taken out.
func (f *Fields) write(i int) {
	first := f.active[i]
	dst := &f.Lines
	switch first.lower {
	case cacheControl:
		f.SetsCacheControl = true
		dst = &f.CacheControl
	case contentType:
		dst = &f.Type
	default:
		*dst = append(append(*dst, first.name...), ": "...)
	}
	*dst = append(*dst, f.values[first.from:first.to]...)
	for k := i + 1; k < len(f.active); k++ {
		a := &f.active[k]
		if a.field == nil || a.lower != first.lower {
			continue
		}
		switch first.lower {
		case contentType:
			*dst = (*dst)[:0] // the last one
		case "set-cookie": // values can't be joined (RFC 9110 §5.3)
			*dst = append(append(append(*dst, "\r\n"...), first.name...), ": "...)
		default:
			*dst = append(*dst, ", "...)
		}
		*dst = append(*dst, f.values[a.from:a.to]...)
		a.field = nil
	}
	if dst == &f.Lines {
		*dst = append(*dst, "\r\n"...)
	}
}
