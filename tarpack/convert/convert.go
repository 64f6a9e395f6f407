package convert

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
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/output"
	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/internal/rewrite"
	"github.com/tarpack/tpk/tarpack/internal/tree"
	"github.com/ulikunitz/xz"
)

// ErrNotConvertible: the input is not of a format that Convert reads, or it is damaged.
var ErrNotConvertible = errors.New("not a tar, zip, or compressed tar that can be read")

// Convert makes the archive out of a tar, as it is or compressed by gzip, zstd, xz or bzip2, or a zip. What it is, its bytes tell.
//
// Modes, owners, times to the second and links are kept. Where a path comes several times the last entry counts; missing parents are made.
// Entries with names that lead out of the target, or that break a rule of FORMAT.md otherwise, are refused one by one. Sparse
// files become plain ones, and what a tpk archive does not hold, as extended attributes, is left out. Deflate streams of a zip are taken over,
// up to 4 MiB of content.
//
// The error wraps ErrNotConvertible, or is one of Pack.
func Convert(ctx context.Context, in io.Reader, out string, o Options) (res Result, err error) {
	problems := &format.Problems{Each: o.Problem}
	c := &converter{o: o, problems: problems}
	if o.DryRun {
		err := c.read(ctx, in, out)
		return Result{Entries: c.entries, Refused: problems.Count}, err
	}
	dst, err := durable.Create(out)
	if err != nil {
		return Result{}, err
	}
	r := &rewrite.Rewrite{O: o.rewrite(), Base: -1, Choose: func(string, []*rewrite.Child) int { return 0 }}
	defer func() {
		if !r.Committed {
			err = errors.Join(err, dst.Abort())
		}
	}()
	pack := r.O.Options
	pack.Dedup = format.DedupOff // it is done when all is there
	if c.p, err = packer.New(nil, pack); err != nil {
		return Result{}, err
	}
	s, err := newSpool(c.p, dst.Name, problems.Add)
	c.spool = s
	if err != nil {
		return Result{}, err
	}
	defer s.close()
	if _, err := c.p.Run(ctx, func(ctx context.Context) error { return c.read(ctx, in, dst.Name) }, nil); err != nil {
		return Result{}, errors.Join(err, s.file.Close())
	}
	k, err := s.archive(ctx)
	if err != nil {
		return Result{}, errors.Join(err, s.file.Close())
	}
	defer k.Close()
	r.Layers = []rewrite.Layer{{Kept: k}}
	r.O.Notice, r.O.Progress = nil, nil
	written, err := r.Write(ctx, dst)
	if err != nil {
		return Result{}, err
	}
	return Result{
		Entries: written.Kept, Refused: problems.Count,
		Stats: written.Stats, ArchiveBytes: written.ArchiveBytes, SidecarBytes: written.SidecarBytes,
	}, nil
}

// A converter reads another format and submits what it holds.
type converter struct {
	o        Options
	p        *packer.Packer // nil in a dry run
	spool    *spool         // nil in a dry run
	problems *format.Problems
	dir      tree.Dir // of all entries: their names are whole paths
	entries  int64
	lost     int64         // entries with something that is left out
	big      chan struct{} // big files that may wait on disk
	temp     string        // what names of temporary files begin with
}

// read reads everything.
func (c *converter) read(ctx context.Context, in io.Reader, temp string) error {
	c.big, c.temp = make(chan struct{}, 4), temp
	c.dir.Acquire()
	in = output.ContextReader{Ctx: ctx, R: in}
	r := bufio.NewReaderSize(in, output.WriteSize)
	head, err := r.Peek(format.BlockSize)
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
		c.p.Notice(fmt.Errorf("%d entries have extended attributes, access lists or the like, which a tpk archive does not hold", c.lost))
	}
	return nil
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

// Refuse tells of an entry that is left out.
func (c *converter) refuse(path string, err error) {
	c.problems.Add(&format.Problem{Path: path, Offset: -1, Err: err})
}

// submit sends an entry to the packer. Content is that of a file.
func (c *converter) submit(ctx context.Context, h format.Header, content io.Reader) error {
	if err := h.Check(); err != nil {
		c.refuse(h.Path, errors.Unwrap(err))
		return nil
	}
	c.entries++
	if c.p == nil {
		return nil
	}
	it := &packer.Item{Entry: tree.Entry{Dir: &c.dir, Name: h.Path}, GivenHeader: &h}
	if h.Type == sidecar.TypeFile {
		err := c.take(ctx, it, content)
		if errors.Is(err, zip.ErrChecksum) || errors.Is(err, zip.ErrFormat) || errors.Is(err, zip.ErrAlgorithm) {
			c.refuse(h.Path, err)
			c.p.Budget.Release(it.Weight)
			return nil
		}
		if err != nil {
			return err
		}
	}
	if err := c.spool.announce(&h); err != nil {
		if !errors.Is(err, errSelf) {
			c.refuse(h.Path, err)
		}
		return nil
	}
	it.Typ = h.Type
	c.dir.Acquire()
	if err := c.p.Submit(ctx, it); err != nil || h.Type == sidecar.TypeFile {
		return err
	}
	return c.p.Send(ctx, nil) // links do not wait for a directory's files
}

// take reads the content of a file, into memory or, if it is big, a temporary file.
func (c *converter) take(ctx context.Context, it *packer.Item, content io.Reader) (err error) {
	size := it.GivenHeader.Size
	if size <= packer.InMemory {
		if err := c.p.Budget.Acquire(ctx, size); err != nil {
			return context.Cause(ctx)
		}
		it.Weight = size
		it.Content = output.GetBuffer(int(size) + 1)
		it.Content.B = it.Content.B[:size]
		return readExactly(content, it.Content.B)
	}
	select {
	case c.big <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	it.Done = func() { <-c.big }
	if it.File, err = durable.UnlinkedTemp(c.temp + ".content"); err != nil {
		return err
	}
	if err = output.CopyWithHoles(it.File, content, size); err == nil {
		err = readExactly(content, nil)
	}
	if err != nil {
		it.File.Close()
		it.Done()
		return damaged(err)
	}
	if _, err := it.File.Seek(0, io.SeekStart); err != nil {
		return err
	}
	it.Info, err = it.File.Stat()
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
