package hpack

import "errors"

// Field is a header field. It is in a table as long as that refers to it.
type Field struct {
	Name, Value string
	// Valid is for the callback, which may set it. It is still set when the field comes again out
	// of the dynamic table. It is set for fields of the static table.
	Valid bool
}

// Size returns the size of the field as tables and SETTINGS_MAX_HEADER_LIST_SIZE count (RFC 7541
// §4.1).
func (f *Field) Size() int { return len(f.Name) + len(f.Value) + 32 }

// Errors of a block. All of them end the connection (RFC 9113 §4.3).
var (
	errHuffman      = errors.New("hpack: invalid Huffman code")
	errIndex        = errors.New("hpack: no such index")
	errInteger      = errors.New("hpack: too large an integer")
	errStringLength = errors.New("hpack: too long a string")
	errTableSize    = errors.New("hpack: a change of the table's size that is not allowed")
	errTruncated    = errors.New("hpack: the block ends in the middle of a field")
)

// errMore means that a field is not complete.
var errMore = errors.New("more is needed")

// Decoder decodes the header blocks of a connection. New makes it.
type Decoder struct {
	emit      func(*Field)
	maxString int  // bytes
	silent    bool // fields are decoded for the dynamic table alone
	began     bool // the block has had a field
	saved     []byte
	once      Field // that is emitted and not in the dynamic table

	table   []Field // the dynamic table, oldest first
	size    int     // of its fields
	maxSize int     // as the client has chosen
	allowed int     // SETTINGS_HEADER_TABLE_SIZE
}

// New returns a Decoder with a dynamic table of up to tableSize bytes, and for strings of up to
// maxString bytes, encoded and decoded. It calls emit for each field. The Field is valid during the
// call.
func New(tableSize, maxString int, emit func(*Field)) *Decoder {
	return &Decoder{emit: emit, maxString: maxString, maxSize: tableSize, allowed: tableSize}
}

// SetSilent makes the Decoder pass over fields, or emit them again.
func (d *Decoder) SetSilent(silent bool) { d.silent = silent }

// Write decodes a fragment of a block. After an error the Decoder can't be used any more.
func (d *Decoder) Write(fragment []byte) error {
	if len(fragment) == 0 {
		return nil
	}
	rest := fragment
	if len(d.saved) > 0 {
		d.saved = append(d.saved, fragment...)
		rest = d.saved
	}
	for len(rest) > 0 {
		after, err := d.field(rest)
		if errors.Is(err, errMore) {
			d.save(rest)
			return nil
		}
		if err != nil {
			return err
		}
		d.began = true
		rest = after
	}
	d.saved = nil
	return nil
}

// save keeps what can't be decoded yet.
func (d *Decoder) save(rest []byte) {
	switch {
	case len(d.saved) == 0:
		d.saved = append([]byte(nil), rest...)
	case len(rest) < len(d.saved): // it is the end of saved
		d.saved = d.saved[:copy(d.saved, rest)]
	}
}

// Close ends a block. It returns an error if that is not complete.
func (d *Decoder) Close() error {
	if len(d.saved) > 0 {
		return errTruncated
	}
	d.began = false
	return nil
}

// field decodes a field, or a change of the table's size (RFC 7541 §6).
func (d *Decoder) field(b []byte) (rest []byte, err error) {
	switch first := b[0]; {
	case first&0x80 != 0:
		return d.indexed(b)
	case first&0x40 != 0:
		return d.literal(b, 6, true)
	case first&0x20 == 0: // without indexing, or never indexed
		return d.literal(b, 4, false)
	}
	size, rest, err := integer(b, 5)
	switch {
	case err != nil:
		return nil, err
	case size > uint64(d.allowed), d.began && d.size > 0: // RFC 7541 §4.2
		return nil, errTableSize
	}
	d.maxSize = int(size)
	d.evict()
	return rest, nil
}

// indexed decodes a field that is in a table.
func (d *Decoder) indexed(b []byte) (rest []byte, err error) {
	i, rest, err := integer(b, 7)
	if err != nil {
		return nil, err
	}
	f := d.at(i)
	if f == nil {
		return nil, errIndex
	}
	if !d.silent {
		d.emit(f)
	}
	return rest, nil
}

// literal decodes a field with a value of its own. The index of its name has some bits of b's first
// byte. Then the field is added to the table, or not.
func (d *Decoder) literal(b []byte, bits int, add bool) (rest []byte, err error) {
	i, rest, err := integer(b, bits)
	if err != nil {
		return nil, err
	}
	var name, value text
	var f Field
	if named := d.at(i); named != nil {
		f.Name = named.Name // named may be d.once, or be overwritten when the field is added
	} else if i > 0 {
		return nil, errIndex
	} else if name, rest, err = d.text(rest); err != nil {
		return nil, err
	}
	if value, rest, err = d.text(rest); err != nil || d.silent && !add {
		return rest, err
	}
	if i == 0 {
		if f.Name, err = d.decode(name); err != nil {
			return nil, err
		}
	}
	if f.Value, err = d.decode(value); err != nil {
		return nil, err
	}
	kept := &d.once
	d.once = f
	if add {
		kept = d.add()
	}
	if !d.silent {
		d.emit(kept)
	}
	return rest, nil
}

// at returns the field with an index, or nil if there is none (RFC 7541 §2.3.3). It is valid until
// the next call of a method.
func (d *Decoder) at(i uint64) *Field {
	switch n := uint64(len(staticFields)); {
	case i == 0:
		return nil
	case i <= n:
		d.once = staticFields[i-1]
		return &d.once
	case i-n <= uint64(len(d.table)):
		return &d.table[uint64(len(d.table))-(i-n)]
	}
	return nil
}

// add adds d.once to the dynamic table (RFC 7541 §4.4). It returns the field in the table, or
// d.once if there is no room for it.
func (d *Decoder) add() *Field {
	d.table = append(d.table, d.once)
	d.size += d.once.Size()
	if d.evict(); len(d.table) == 0 {
		return &d.once
	}
	return &d.table[len(d.table)-1]
}

// evict takes the oldest fields out of the dynamic table until it has its size.
func (d *Decoder) evict() {
	n := 0
	for ; d.size > d.maxSize; n++ {
		d.size -= d.table[n].Size()
	}
	if n > 0 {
		left := copy(d.table, d.table[n:])
		clear(d.table[left:])
		d.table = d.table[:left]
	}
}

// text is a string that was not decoded yet.
type text struct {
	b       []byte
	huffman bool
}

// text takes a string off the front of b (RFC 7541 §5.2).
func (d *Decoder) text(b []byte) (t text, rest []byte, err error) {
	n, rest, err := integer(b, 7)
	switch {
	case err != nil:
		return t, nil, err
	case n > uint64(d.maxString):
		return t, nil, errStringLength
	case n > uint64(len(rest)):
		return t, nil, errMore
	}
	return text{b: rest[:n], huffman: b[0]&0x80 != 0}, rest[n:], nil
}

// decode returns a string in memory of its own.
func (d *Decoder) decode(t text) (string, error) {
	if !t.huffman {
		return string(t.b), nil
	}
	var room [256]byte
	b, err := appendHuffman(room[:0], t.b, d.maxString)
	return string(b), err
}

// integer takes an integer off the front of b, whose first byte has some bits of it (RFC 7541
// §5.1).
func integer(b []byte, bits int) (n uint64, rest []byte, err error) {
	if len(b) == 0 {
		return 0, nil, errMore
	}
	most := uint64(1)<<bits - 1
	if n = uint64(b[0]) & most; n < most {
		return n, b[1:], nil
	}
	for i, c := range b[1:] {
		n += uint64(c&0x7f) << (7 * i)
		if c&0x80 == 0 {
			return n, b[i+2:], nil
		}
		if i == maxInteger {
			return 0, nil, errInteger
		}
	}
	return 0, nil, errMore
}

// maxInteger is the index of the last byte of an integer that another one may not follow. No
// integer overflows.
const maxInteger = 8
