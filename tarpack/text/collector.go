package text

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// A list has the documents of a term. A document is a varint: twice what its number exceeds the one
// before by, plus 1 if the term is in it several times; then how often, as another varint. The
// number before the first is −1. Positions are varints: what each exceeds the one before it in the
// document by.
type list struct {
	count     uint32 // documents
	before    int64  // the document before the last
	last      int64
	times     uint32 // how often the term is in the last document, which is not in docs yet
	position  uint32 // the last one in the last document
	docs      []byte
	positions []byte
}

// add adds an occurrence. Documents and positions come in order.
func (l *list) add(doc int64, position uint32, positions bool) {
	if l.count == 0 || doc != l.last {
		if l.count == 0 {
			l.before = -1
		} else {
			l.finish()
		}
		l.last, l.position, l.times = doc, 0, 0
		l.count++
	}
	l.times++
	if positions {
		l.positions = binary.AppendUvarint(l.positions, uint64(position-l.position))
		l.position = position
	}
}

// finish adds the last document to docs.
func (l *list) finish() {
	l.docs = appendDocument(l.docs, l.last-l.before, l.times)
	l.before = l.last
}

func appendDocument(dst []byte, delta int64, times uint32) []byte {
	if times == 1 {
		return binary.AppendUvarint(dst, uint64(delta)<<1)
	}
	return binary.AppendUvarint(binary.AppendUvarint(dst, uint64(delta)<<1|1), uint64(times))
}

// A collector gathers the lists of all terms. If they exceed its budget it writes them to a
// temporary file as a run, sorted by term, and begins again.
type collector struct {
	dir    string // of the temporary file
	budget int
	lists  map[string]*list
	used   int // bytes of memory, roughly
	file   *os.File
	size   int64   // of file
	runs   []int64 // where each ends in file
	term   []byte
}

// listCost is roughly what a list takes with its entry in the map, besides term and contents.
const listCost = 200

func newCollector(dir string, budget int) *collector {
	return &collector{dir: dir, budget: budget, lists: map[string]*list{}}
}

// add adds a document with the number doc, and returns how many words it has.
func (c *collector) add(doc int64, d *document) (n uint32, err error) {
	for _, k := range d.keys {
		c.addTerm(fieldKey, []byte(k), doc, 0)
	}
	position := func(word []byte) {
		c.addTerm(fieldText, word, doc, n)
		n++
	}
	d.names.each(func(word []byte) {
		c.addTerm(fieldName, word, doc, 0)
		position(word)
	})
	n++ // no phrase goes from the title to the text
	d.body.each(position)
	if c.used > c.budget {
		err = c.spill()
	}
	return n, err
}

func (c *collector) addTerm(field byte, word []byte, doc int64, position uint32) {
	if len(word) == 0 {
		return
	}
	c.term = append(append(c.term[:0], field), word...)
	l := c.lists[string(c.term)]
	if l == nil {
		l = &list{}
		c.lists[string(c.term)] = l
		c.used += len(c.term) + listCost
	}
	before := cap(l.docs) + cap(l.positions)
	l.add(doc, position, field == fieldText)
	c.used += cap(l.docs) + cap(l.positions) - before
}

// spill writes a run.
func (c *collector) spill() (err error) {
	if c.file == nil {
		if c.file, err = durable.ScratchFile(c.dir); err != nil {
			return err
		}
	}
	w := bufio.NewWriterSize(io.NewOffsetWriter(c.file, c.size), 1<<20)
	counted := &countingWriter{w: w}
	if err := c.writeRun(counted); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	c.size += counted.n
	c.runs = append(c.runs, c.size)
	c.lists, c.used = map[string]*list{}, 0
	return nil
}

// writeRun writes the lists in order of the terms: of each the lengths of what follows, its count
// and last document as varints, then the term, the documents and the positions.
func (c *collector) writeRun(w io.Writer) error {
	var head []byte
	for _, term := range slices.Sorted(maps.Keys(c.lists)) {
		l := c.lists[term]
		l.finish()
		head = head[:0]
		for _, n := range []int{len(term), len(l.docs), len(l.positions), int(l.count), int(l.last)} {
			head = binary.AppendUvarint(head, uint64(n))
		}
		for _, b := range [][]byte{head, []byte(term), l.docs, l.positions} {
			if _, err := w.Write(b); err != nil {
				return err
			}
		}
	}
	return nil
}

// close removes the temporary file.
func (c *collector) close() error {
	if c.file == nil {
		return nil
	}
	return c.file.Close()
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (w *countingWriter) Write(p []byte) (n int, err error) {
	n, err = w.w.Write(p)
	w.n += int64(n)
	return n, err
}

// errRun is returned for a run that is not as it was written.
var errRun = errors.New("a temporary file has changed")
