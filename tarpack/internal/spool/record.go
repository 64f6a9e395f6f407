package spool

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"

	"github.com/tarpack/tpk/sidecar/build"
)

// A record is an item in the temporary file of records. There it is the length of the rest, as a
// varint, and then its fields in the order of record.each: numbers as varints, a text with its
// length before it.
type record struct {
	build.Item
	HasMiBSums bool
	FirstSum   int64 // number of its first sum in Spool.sums
}

// each encodes or decodes every field. Those that an index has only once it is written are 0.
func (r *record) each(c *codec) {
	number(c, &r.Offset)
	number(c, &r.HeaderLen)
	number(c, &r.ContentLen)
	number(c, &r.PadLen)
	number(c, &r.Size)
	number(c, &r.ModTime)
	number(c, &r.Mode)
	number(c, &r.Type)
	number(c, &r.Coding)
	boolean(c, &r.Duplicate)
	number(c, &r.Sniff)
	number(c, &r.Hash)
	number(c, &r.CRC)
	number(c, &r.Target)
	number(c, &r.End)
	number(c, &r.DevMajor)
	number(c, &r.DevMinor)
	text(c, &r.Path)
	text(c, &r.Link)
	number(c, &r.TargetLen)
	number(c, &r.Shift)
	numbers(c, &r.Segments)
	c.bytes(r.SHA256[:])
	boolean(c, &r.HasMiBSums)
	number(c, &r.FirstSum)
}

// errRecord: the file of records is not as it was written.
var errRecord = errors.New("a damaged record in a temporary file")

// recordWriter writes records.
type recordWriter struct {
	w io.Writer
	b []byte
}

func (w *recordWriter) write(r *record) error {
	c := codec{b: w.b[:0]}
	r.each(&c)
	w.b = c.b
	var length [binary.MaxVarintLen64]byte
	if _, err := w.w.Write(length[:binary.PutUvarint(length[:], uint64(len(c.b)))]); err != nil {
		return err
	}
	_, err := w.w.Write(c.b)
	return err
}

// recordReader reads records.
type recordReader struct {
	r *bufio.Reader
	b []byte
}

// read reads the next record. After the last it returns io.EOF.
func (r *recordReader) read(to *record) error {
	n, err := binary.ReadUvarint(r.r)
	if err != nil {
		return err
	}
	if n > maxRecord {
		return errRecord
	}
	if uint64(cap(r.b)) < n {
		r.b = make([]byte, n)
	}
	if _, err := io.ReadFull(r.r, r.b[:n]); err != nil {
		return errRecord
	}
	c := codec{b: r.b[:n], decodes: true}
	if to.each(&c); c.bad || len(c.b) > 0 {
		return errRecord
	}
	return nil
}

// maxRecord is more bytes than a record has: two paths, and the lengths of 5,333 segments.
const maxRecord = 1 << 20

// codec encodes fields to b, or decodes them from it.
type codec struct {
	b       []byte
	decodes bool
	bad     bool // b is not what was encoded
}

// integer are the types of numbers.
type integer interface {
	~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

func number[T integer](c *codec, n *T) {
	if c.decodes {
		*n = T(c.next())
	} else {
		c.b = binary.AppendVarint(c.b, int64(*n))
	}
}

// next decodes a number.
func (c *codec) next() int64 {
	v, n := binary.Varint(c.b)
	if n <= 0 {
		c.bad, n = true, len(c.b)
	}
	c.b = c.b[n:]
	return v
}

func boolean(c *codec, v *bool) {
	n := uint8(0)
	if *v {
		n = 1
	}
	number(c, &n)
	*v = n != 0
}

func text(c *codec, s *string) {
	n := int64(len(*s))
	number(c, &n)
	switch {
	case !c.decodes:
		c.b = append(c.b, *s...)
	case n < 0 || n > int64(len(c.b)):
		c.bad = true
	default:
		*s, c.b = string(c.b[:n]), c.b[n:]
	}
}

func numbers(c *codec, list *[]uint32) {
	n := int64(len(*list))
	number(c, &n)
	if c.decodes {
		if n < 0 || n > int64(len(c.b)) { // each has a byte at least
			c.bad = true
			return
		}
		if *list = nil; n > 0 {
			*list = make([]uint32, n)
		}
	}
	for i := range *list {
		number(c, &(*list)[i])
	}
}

// bytes is for bytes of a fixed number.
func (c *codec) bytes(b []byte) {
	switch {
	case !c.decodes:
		c.b = append(c.b, b...)
	case len(b) > len(c.b):
		c.bad = true
	default:
		c.b = c.b[copy(b, c.b):]
	}
}
