package tarpack

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
	"github.com/klauspost/pgzip"
	"github.com/tarpack/tpk/sidecar"
	"github.com/ulikunitz/xz"
)

// ErrNotConvertible: the input is not of a format that Convert reads, or it is damaged.
var ErrNotConvertible = errors.New("not a tar, zip, or compressed tar that can be read")

// ConvertOptions says how to convert. The zero value is usable. Of PackOptions, Exclude, PreserveOwner, Special and RemoveFiles are not
// heeded: owners and special files are taken over.
type ConvertOptions struct {
	EditOptions
	// Problem, if set, is told of each entry that is refused, from one goroutine at a time.
	Problem func(*Problem)
}

// ConvertResult says what was converted.
type ConvertResult struct {
	EditResult
	Refused int64 // entries
}

// Convert makes the archive out of a tar, as it is or compressed by gzip, zstd, xz or bzip2, or a zip. What it is, its bytes tell.
//
// Modes, owners, times to the second and links are kept. Where a path comes several times the last entry counts; missing parents are made.
// Entries with names that lead out of the target, or that break a rule of FORMAT.md otherwise, are refused one by one. Sparse
// files become plain ones, and what a tpk archive does not hold, as extended attributes, is left out. Deflate streams of a zip are taken over,
// up to 4 MiB of content.
//
// The error wraps ErrNotConvertible, or is one of Pack.
func Convert(ctx context.Context, in io.Reader, out string, o ConvertOptions) (res ConvertResult, err error) {
	problems := &problems{each: o.Problem}
	c := &converter{o: o, problems: problems}
	if o.DryRun {
		err := c.read(ctx, in, out)
		return ConvertResult{EditResult: EditResult{Changes: Changes{Added: c.entries}}, Refused: problems.count}, err
	}
	dst, err := createOutput(out)
	if err != nil {
		return ConvertResult{}, err
	}
	r := &rewrite{o: o.EditOptions, base: -1, choose: func(string, []*child) int { return 0 }}
	defer func() {
		if !r.committed {
			err = errors.Join(err, dst.abort())
		}
	}()
	pack := o.PackOptions
	pack.Dedup = DedupOff // it is done when all is there
	if c.p, err = newPacker(nil, pack); err != nil {
		return ConvertResult{}, err
	}
	s, err := newSpool(c.p, dst.name, problems.add)
	if err != nil {
		return ConvertResult{}, err
	}
	defer s.close()
	if _, err := c.p.run(ctx, func(ctx context.Context) error { return c.read(ctx, in, dst.name) }, nil); err != nil {
		return ConvertResult{}, errors.Join(err, s.file.Close())
	}
	k, err := s.archive(ctx)
	if err != nil {
		return ConvertResult{}, errors.Join(err, s.file.Close())
	}
	defer k.Close()
	r.layers = []layer{{kept: k}}
	r.o.Notice, r.o.Progress = nil, nil
	if res.EditResult, err = r.write(ctx, dst); err != nil {
		return ConvertResult{}, err
	}
	res.Added, res.Kept = res.Kept, 0
	res.Refused = problems.count
	return res, nil
}

// A converter reads another format and submits what it holds.
type converter struct {
	o        ConvertOptions
	p        *packer // nil in a dry run
	problems *problems
	dir      sourceDir // of all entries: their names are whole paths
	entries  int64
	lost     int64         // entries with something that is left out
	big      chan struct{} // big files that may wait on disk
	temp     string        // what names of temporary files begin with
}

// read reads everything.
func (c *converter) read(ctx context.Context, in io.Reader, temp string) error {
	c.big, c.temp = make(chan struct{}, 4), temp
	c.dir.acquire()
	in = contextReader{ctx, in}
	r := bufio.NewReaderSize(in, writeSize)
	head, err := r.Peek(blockSize)
	if len(head) == 0 {
		if err == nil || err == io.EOF {
			err = fmt.Errorf("%w: it is empty", ErrNotConvertible)
		}
		return err
	}
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06")) {
		return c.readZip(ctx, r)
	}
	plain, err := decompress(r, head)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotConvertible, err)
	}
	if err := c.readTar(ctx, plain); err != nil {
		return err
	}
	// What follows the end of the tar has to be read for the checksum of the compressed stream.
	if _, err := io.Copy(io.Discard, plain); err != nil {
		return damaged(err)
	}
	if c.lost > 0 {
		c.p.notice(fmt.Errorf("%d entries have extended attributes, access lists or the like, which a tpk archive does not hold", c.lost))
	}
	return nil
}

func (p *packer) notice(err error) {
	if p != nil {
		p.o.Notice(err)
	}
}

// decompress looks at how a stream begins and returns what it holds.
func decompress(r io.Reader, head []byte) (io.Reader, error) {
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return pgzip.NewReader(r)
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return zstd.NewReader(r, zstd.WithDecoderMaxMemory(1<<30))
	case bytes.HasPrefix(head, []byte("\xfd7zXZ\x00")):
		return xz.NewReader(r)
	case bytes.HasPrefix(head, []byte("BZh")):
		return bzip2.NewReader(r), nil
	}
	return r, nil
}

// damaged makes an error of reading the input, unless it is one of the context or of the system, ErrNotConvertible.
func damaged(err error) error {
	var pe *os.PathError
	if err == nil || errors.As(err, &pe) || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrNotConvertible, err)
}

// refuse tells of an entry that is left out.
func (c *converter) refuse(path string, err error) {
	c.problems.add(&Problem{Path: path, Offset: -1, Err: err})
}

// submit sends an entry to the packer. Content is that of a file.
func (c *converter) submit(ctx context.Context, h Header, content io.Reader) error {
	if err := h.check(); err != nil {
		c.refuse(h.Path, errors.Unwrap(err))
		return nil
	}
	c.entries++
	if c.p == nil {
		return nil
	}
	it := &item{sourceEntry: sourceEntry{dir: &c.dir, name: h.Path}, given: &h}
	if h.Type == sidecar.TypeFile {
		err := c.take(ctx, it, content)
		if errors.Is(err, zip.ErrChecksum) || errors.Is(err, zip.ErrFormat) || errors.Is(err, zip.ErrAlgorithm) {
			c.refuse(h.Path, err)
			c.p.budget.Release(it.weight)
			return nil
		}
		if err != nil {
			return err
		}
	}
	if err := c.p.spool.announce(&h); err != nil {
		if !errors.Is(err, errSelf) {
			c.refuse(h.Path, err)
		}
		return nil
	}
	it.typ = h.Type
	c.dir.acquire()
	if err := c.p.submit(ctx, it); err != nil || h.Type == sidecar.TypeFile {
		return err
	}
	return c.p.send(ctx, nil) // links do not wait for a directory's files
}

// take reads the content of a file, into memory or, if it is big, a temporary file.
func (c *converter) take(ctx context.Context, it *item, content io.Reader) (err error) {
	size := it.given.Size
	if size <= inMemory {
		if err := c.p.budget.Acquire(ctx, size); err != nil {
			return context.Cause(ctx)
		}
		it.weight = size
		it.content = getBuffer(int(size) + 1)
		it.content.b = it.content.b[:size]
		return readExactly(content, it.content.b)
	}
	select {
	case c.big <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	it.done = func() { <-c.big }
	if it.file, err = unlinkedTemp(c.temp + ".content"); err != nil {
		return err
	}
	if err = copyWithHoles(it.file, content, size); err == nil {
		err = readExactly(content, nil)
	}
	if err != nil {
		it.file.Close()
		it.done()
		return damaged(err)
	}
	if _, err := it.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	it.info, err = it.file.Stat()
	return err
}

// readExactly fills b with what is left of a content, the end of which has its checksum.
func readExactly(content io.Reader, b []byte) error {
	if _, err := io.ReadFull(content, b); err != nil {
		return damaged(err)
	}
	if _, err := io.ReadFull(content, make([]byte, 1)); err != io.EOF {
		if err == nil {
			err = zip.ErrFormat // more than it was said to be
		}
		return damaged(err)
	}
	return nil
}
