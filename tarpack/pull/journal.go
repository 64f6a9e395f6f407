package pull

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/internal/order"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// A journal keeps what was fetched in a file: a header, then records.
//
//	header  "TPKPULL1", SHA-256 of what identifies the generation of the archive
//	record  offset u64, length u32, xxHash64 of these 12 bytes and the data u64, data
//
// A record that was not written to its end, and what follows it, is cut off when the journal is
// opened again.
type journal struct {
	file    *os.File
	resumed int64 // bytes that were there when it was opened

	mu    sync.Mutex
	end   int64
	spans []span // in no order until have sorts them
	clean bool   // spans are sorted and do not overlap
}

// A span is n bytes of the archive from off, which the journal has at pos.
type span struct{ off, n, pos int64 }

func (s span) end() int64 { return s.off + s.n }

const (
	journalMagic  = "TPKPULL1"
	journalHeader = len(journalMagic) + sha256.Size
	recordHeader  = 8 + 4 + 8
	maxRecord     = 256 << 10 // bytes of data
)

// JournalName returns the name of the file that has what was fetched for an archive, if a Pull of
// it was stopped.
func JournalName(archive string) string {
	if real, err := filepath.EvalSymlinks(archive); err == nil {
		archive = real
	}
	return format.TempName(archive + ".pull")
}

// openJournal opens the journal of the archive name. It is empty unless it is that of the
// generation key, which has size bytes.
func openJournal(name string, key [sha256.Size]byte, size int64) (*journal, error) {
	f, err := durable.OpenTemp(JournalName(name))
	if err != nil {
		return nil, err
	}
	j := &journal{file: f}
	header := append([]byte(journalMagic), key[:]...)
	had := make([]byte, journalHeader)
	_, err = f.ReadAt(had, 0)
	if err == nil && bytes.Equal(had, header) {
		j.end, err = j.load(size)
	} else {
		if err = f.Truncate(0); err == nil {
			_, err = f.WriteAt(header, 0)
		}
		j.end = int64(journalHeader)
	}
	if err == nil {
		err = f.Truncate(j.end)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	for _, s := range j.have() {
		j.resumed += s.n
	}
	return j, nil
}

// load reads the records, and returns the end of the last sound one. The archive has size bytes.
func (j *journal) load(size int64) (int64, error) {
	pos := int64(journalHeader)
	b := make([]byte, recordHeader+maxRecord)
	for {
		n, err := j.file.ReadAt(b, pos)
		if err != nil && err != io.EOF {
			return 0, err
		}
		if n < recordHeader {
			return pos, nil
		}
		off, length := int64(binary.LittleEndian.Uint64(b)), int(binary.LittleEndian.Uint32(b[8:]))
		if length == 0 || length > maxRecord || recordHeader+length > n ||
			off < 0 || off > size-int64(length) ||
			recordSum(b[:12], b[recordHeader:recordHeader+length]) !=
				binary.LittleEndian.Uint64(b[12:]) {
			return pos, nil
		}
		// A later record is one of bytes that were fetched once more.
		j.spans = append(j.spans, span{off, int64(length), pos + recordHeader})
		pos += int64(recordHeader + length)
	}
}

func recordSum(header, data []byte) uint64 {
	var d xxhash.Digest
	d.Reset()
	d.Write(header)
	d.Write(data)
	return d.Sum64()
}

// add keeps bytes of the archive from offset off, at most maxRecord. b has room for a record's
// header before them: the data begins at recordHeader.
func (j *journal) add(off int64, b []byte) error {
	binary.LittleEndian.PutUint64(b, uint64(off))
	binary.LittleEndian.PutUint32(b[8:], uint32(len(b)-recordHeader))
	binary.LittleEndian.PutUint64(b[12:], recordSum(b[:12], b[recordHeader:]))
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := j.file.WriteAt(b, j.end); err != nil {
		return err
	}
	j.spans = append(j.spans, span{off, int64(len(b) - recordHeader), j.end + recordHeader})
	j.end += int64(len(b))
	j.clean = false
	return nil
}

// have returns what is there, sorted and without overlaps.
func (j *journal) have() []span {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.clean {
		return j.spans
	}
	order.Sort(j.spans, func(a, b span) int { // of equal places the last one written is first
		return cmp.Or(cmp.Compare(a.off, b.off), cmp.Compare(b.pos, a.pos))
	})
	kept, end := j.spans[:0], int64(0)
	for _, s := range j.spans {
		if s.end() <= end {
			continue
		}
		if cut := end - s.off; cut > 0 {
			s = span{s.off + cut, s.n - cut, s.pos + cut}
		}
		kept, end = append(kept, s), s.end()
	}
	j.spans, j.clean = kept, true
	return j.spans
}

// forget gives up ranges, which are wrong. All of them are given up in one pass, since a damaged
// archive may have millions.
func (j *journal) forget(wrong ...span) {
	order.Sort(wrong, func(a, b span) int { return cmp.Compare(a.off, b.off) })
	var kept []span
	keep := func(s span, from, to int64) {
		if from < to {
			kept = append(kept, span{from, to - from, s.pos + from - s.off})
		}
	}
	for _, s := range j.have() {
		for len(wrong) > 0 && wrong[0].end() <= s.off {
			wrong = wrong[1:]
		}
		at := s.off
		for _, w := range wrong {
			if w.off >= s.end() {
				break
			}
			keep(s, at, w.off)
			at = max(at, w.end())
		}
		keep(s, at, s.end())
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.spans, j.clean = kept, true
}

// find returns the spans that hold n bytes from offset off, or ok = false if some are missing.
func (j *journal) find(off, n int64) (list []span, ok bool) {
	have := j.have()
	k, _ := slices.BinarySearchFunc(have, off, func(s span, off int64) int {
		if s.end() <= off {
			return -1
		}
		return 1
	})
	for ; n > 0; k++ {
		if k == len(have) || have[k].off > off {
			return nil, false
		}
		s, skip := have[k], off-have[k].off
		part := min(n, s.n-skip)
		list = append(list, span{off, part, s.pos + skip})
		off, n = off+part, n-part
	}
	return list, true
}

// read returns n bytes from offset off, or nil if some are missing.
func (j *journal) read(off, n int64) ([]byte, error) {
	list, ok := j.find(off, n)
	if !ok {
		return nil, nil
	}
	b := make([]byte, 0, n)
	for _, s := range list {
		b = b[:len(b)+int(s.n)]
		if _, err := j.file.ReadAt(b[len(b)-int(s.n):], s.pos); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// close closes the file. It is removed if it is of no more use, or has nothing.
func (j *journal) close(remove bool) error {
	var err error
	if remove || j.end == int64(journalHeader) {
		err = os.Remove(j.file.Name())
	}
	return errors.Join(err, j.file.Close())
}
