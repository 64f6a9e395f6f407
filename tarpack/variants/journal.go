package variants

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/variants"
	"github.com/tarpack/tpk/tarpack/format"
)

// The journal is a temporary file beside the variants file that is being written. It begins with
// what the work depends on. Then there is a record for each content that is complete, in the order
// of ordinals. A Build that was killed is continued with it: what a crash of the system has lost
// shows by the hashes.
//
//	head    magic, digest of the sidecar, codings, level, whether there are siblings,
//	        xxHash64 of the dictionaries' sums
//	record  ordinal u32, entry with the same content u32, SHA-256, set, xxHash64 of all that
type journal struct {
	file *os.File
	off  int64 // of the next record
}

const (
	journalMagic = "TPKVJRN1"
	journalHead  = 40

	recordSum = 8
	recordSet = recordSum + 32
	recordEnd = recordSet + variants.SetRow
	record    = recordEnd + 8
)

// own stands for a content that no earlier entry has.
const own = 1<<32 - 1

// journalName returns the name of the journal of a variants file.
func journalName(name string) string { return format.TempName(name + ".journal") }

// add notes a content that is in the file.
func (l *journal) add(ordinal int, set *variants.Set, sum sidecar.Sum) error {
	return l.append(ordinal, own, set.AppendRow(nil), sum)
}

// link notes a content that is equal to that of an earlier entry.
func (l *journal) link(ordinal, first int) error {
	return l.append(ordinal, uint32(first), make([]byte, variants.SetRow), sidecar.Sum{})
}

func (l *journal) append(ordinal int, first uint32, row []byte, sum sidecar.Sum) error {
	b := binary.LittleEndian.AppendUint32(nil, uint32(ordinal))
	b = binary.LittleEndian.AppendUint32(b, first)
	b = append(append(b, sum[:]...), row...)
	b = binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b))
	_, err := l.file.WriteAt(b, l.off)
	l.off += record
	return err
}

// head returns what the work of b depends on.
func (b *builder) head(dictionaries []variants.Dictionary) []byte {
	of := variants.Of(b.a.Index())
	head := append([]byte(nil), journalMagic...)
	head = binary.LittleEndian.AppendUint64(head, of.Digest)
	hasSiblings := byte(0)
	if b.o.Siblings != nil {
		hasSiblings = 1
	}
	head = append(head, byte(b.settings.Codings), byte(b.settings.Level), hasSiblings, 0, 0, 0, 0, 0)
	h := xxhash.New()
	for i := range dictionaries {
		h.Write(dictionaries[i].SHA256[:])
		h.Write([]byte(dictionaries[i].Kind))
	}
	head = binary.LittleEndian.AppendUint64(head, h.Sum64())
	return binary.LittleEndian.AppendUint64(head, xxhash.Sum64(head))
}

// resume takes over what an earlier Build has completed, and returns the ordinal to go on with. It
// starts the journal if there is nothing.
func (b *builder) resume(dictionaries []variants.Dictionary) (next int, err error) {
	l, head := &b.journal, b.head(dictionaries)
	before := make([]byte, journalHead)
	_, err = l.file.ReadAt(before, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	if !bytes.Equal(before, head) {
		if err := l.file.Truncate(0); err != nil {
			return 0, err
		}
		_, err := l.file.WriteAt(head, 0)
		l.off = journalHead
		return 0, err
	}
	l.off = journalHead
	for r := make([]byte, record); ; l.off += record {
		if _, err := l.file.ReadAt(r, l.off); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return 0, err
		}
		ok, err := b.restore(r, next, len(dictionaries))
		if err != nil {
			return 0, err
		}
		if !ok {
			break
		}
		next = int(binary.LittleEndian.Uint32(r)) + 1
	}
	return next, l.file.Truncate(l.off)
}

// restore takes over a record, if it and the bytes that it describes are right.
func (b *builder) restore(r []byte, next, dictionaries int) (ok bool, err error) {
	ordinal, first := int(binary.LittleEndian.Uint32(r)), binary.LittleEndian.Uint32(r[4:])
	if binary.LittleEndian.Uint64(r[recordEnd:]) != xxhash.Sum64(r[:recordEnd]) || ordinal < next {
		return false, nil
	}
	entry, err := b.a.Index().Entry(ordinal)
	if err != nil {
		return false, err
	}
	if first != own {
		b.advance(entry.Size)
		return true, b.w.Link(ordinal, int(first))
	}
	fi, err := b.file.Stat()
	if err != nil {
		return false, err
	}
	set, ok := variants.ParseSet(r[recordSet:recordEnd], fi.Size(), dictionaries)
	if !ok || set.Size != entry.Size {
		return false, nil
	}
	for c := range variants.NumCodings {
		v, has := set.Get(c)
		if !has {
			continue
		}
		encoded := make([]byte, v.Length)
		if _, err := b.file.ReadAt(encoded, v.Offset); err != nil {
			return false, err
		}
		if variants.Check(v, encoded) != nil {
			return false, nil
		}
	}
	sum := sidecar.Sum(r[recordSum:recordSet])
	b.count(ordinal, entry.ContentLen, &set, sum)
	b.res.Reused++
	return true, b.w.AddStored(ordinal, set, sum)
}
