package upload

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"sync"

	"github.com/tarpack/tpk/internal/count"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// inMemory is the size up to which a part is kept in memory.
const inMemory = 32 << 20

// A part is bytes that are to be sent, perhaps several times.
type part struct {
	limit int64 // its size when it is full
	size  int64
	sum   hash.Hash
	mem   []byte
	file  *os.File // has the bytes instead of mem, if the limit is larger than inMemory
}

func newPart() *part { return &part{sum: sha256.New()} }

// reset makes a part empty. Only the first one may have much less than its limit in the end.
func (p *part) reset(limit int64, first bool) {
	p.limit, p.size, p.mem = limit, 0, p.mem[:0]
	if !first && limit <= inMemory && int64(cap(p.mem)) < limit {
		p.mem = make([]byte, 0, limit)
	}
	p.sum.Reset()
}

// room is how many bytes the part can still take.
func (p *part) room() int64 { return p.limit - p.size }

// add appends bytes, for which there is room.
func (p *part) add(b []byte) error {
	if p.limit <= inMemory {
		p.mem = append(p.mem, b...)
	} else if err := p.addToFile(b); err != nil {
		return err
	}
	p.size += int64(len(b))
	p.sum.Write(b)
	return nil
}

func (p *part) addToFile(b []byte) (err error) {
	if p.file == nil {
		if p.file, err = durable.ScratchFile(""); err != nil {
			return err
		}
		p.mem = nil
	}
	_, err = p.file.WriteAt(b, p.size)
	return err
}

// hex is the SHA-256 of the bytes.
func (p *part) hex() string { return hex.EncodeToString(p.sum.Sum(nil)) }

// body returns a reader of the bytes, which calls moved for each read.
func (p *part) body(moved func()) *body {
	var r io.ReaderAt = p.file
	if p.limit <= inMemory {
		r = bytes.NewReader(p.mem)
	}
	return &body{r: io.NewSectionReader(r, 0, p.size), left: p.size, moved: moved}
}

func (p *part) close() error {
	p.mem = nil
	if p.file == nil {
		return nil
	}
	return p.file.Close()
}

// A body is the body of one request. A transport may go on reading it for a moment when the request
// has failed; stop ends that, so that the part can be used for other bytes.
type body struct {
	mu    sync.Mutex
	r     *io.SectionReader
	left  int64 // bytes that were not read yet
	moved func()
}

var errStopped = errors.New("the request has ended")

func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.r == nil {
		return 0, errStopped
	}
	b.moved()
	n, err := b.r.Read(p)
	b.left -= int64(n)
	return n, err
}

// isSent reports whether all of it was read, so that it may have been sent.
func (b *body) isSent() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.left <= 0
}

// Seek implements io.Seeker, for a request that is sent to another region.
func (b *body) Seek(offset int64, whence int) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.r == nil {
		return 0, errStopped
	}
	at, err := b.r.Seek(offset, whence)
	b.left = b.r.Size() - at
	return at, err
}

func (b *body) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.r = nil
}

// errTooLarge returns the error for more parts than a store takes.
func errTooLarge(size int64) error {
	return fmt.Errorf("it is too large for %d parts of %s", maxParts, count.Of(size, "byte", "bytes"))
}
