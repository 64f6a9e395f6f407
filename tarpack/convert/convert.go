package convert

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/output"
	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/internal/rewrite"
	"github.com/tarpack/tpk/tarpack/internal/spool"
)

// ErrNotConvertible: the input is damaged, or in a format that Convert does not read.
var ErrNotConvertible = errors.New("not a tar, zip, or compressed tar that can be read")

// Convert makes the archive out from a zip, from a tar, or from a tar compressed by gzip, zstd, xz,
// bzip2, lzma or lz4. It detects the format from the content, and reads tars and compressed streams
// that follow each other.
//
// Modes, owners, links and times, to the second, are kept. If a path occurs several times the last
// entry counts. Missing parent directories are created. An entry with a name that leads out of the
// archive, or that breaks another rule of FORMAT.md section 1.1, is refused, and Convert continues.
// Absolute names lose their leading slash, with one notice, as in GNU tar.
// Sparse files become ordinary files. Attributes that a tpk archive does not hold, such as extended
// attributes, are left out with a notice. Deflate streams of a zip are copied if the content has at
// most 4 MiB.
//
// The error wraps ErrNotConvertible, or is one of those of pack.Dir.
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
	r := &rewrite.Rewrite{Options: o.rewrite(), Base: -1, Choose: rewrite.FirstLayer}
	defer func() {
		if !r.Committed {
			err = errors.Join(err, dst.Abort())
		}
	}()
	pack := r.Options.Options
	pack.Dedup = format.DedupOff // the rewrite of the whole archive does it
	s, err := spool.New(dst.Name, pack.Progress, problems.Add)
	c.spool = s
	if err != nil {
		return Result{}, err
	}
	defer s.Close()
	c.p = packer.NewDry(pack)
	c.p.Out, c.p.Entries = s.W, s
	c.contents = spool.NewContents(c.p, dst.Name)
	read := func(ctx context.Context) error { return c.read(ctx, in, dst.Name) }
	if _, err := c.p.Run(ctx, read, nil); err != nil {
		return Result{}, errors.Join(err, s.Abort())
	}
	k, err := s.Archive(ctx)
	if err != nil {
		return Result{}, errors.Join(err, s.Abort())
	}
	defer k.Close()
	r.Layers = []rewrite.Layer{{Archive: k}}
	r.Options.Notice, r.Options.Progress = nil, nil
	converted, err := r.Write(ctx, dst)
	if err != nil {
		return Result{}, err
	}
	return Result{
		Entries: converted.Kept, Refused: problems.Count, Stats: converted.Stats,
		ArchiveBytes: converted.ArchiveBytes, SidecarBytes: converted.SidecarBytes,
	}, nil
}

// A converter reads the input and submits its entries to a packer.
type converter struct {
	o        Options
	p        *packer.Packer  // nil in a dry run
	spool    *spool.Spool    // nil in a dry run
	contents *spool.Contents // nil in a dry run
	problems *format.Problems
	entries  int64
	lost     int64  // entries with an attribute that is left out
	absolute bool   // a name was absolute
	temp     string // prefix of the names of temporary files
}

// read reads the whole input.
func (c *converter) read(ctx context.Context, in io.Reader, temp string) error {
	c.temp = temp
	in = output.ContextReader{Ctx: ctx, R: in}
	r := bufio.NewReaderSize(in, output.WriteSize)
	head, err := r.Peek(format.BlockSize)
	if len(head) == 0 {
		if err == nil || err == io.EOF {
			err = fmt.Errorf("%w: it is empty", ErrNotConvertible)
		}
		return err
	}
	switch {
	case len(head) == format.BlockSize && isTarHeader(head):
		err = c.readTar(ctx, r)
	case isZip(head):
		err = c.readZip(ctx, r)
	default:
		err = c.readOther(ctx, r)
	}
	if err != nil {
		return err
	}
	if c.lost > 0 {
		c.notice("%d entries have extended attributes, access lists or the like, "+
			"which a tpk archive does not hold", c.lost)
	}
	return nil
}

// readOther reads an input that begins neither like a tar nor like a zip.
func (c *converter) readOther(ctx context.Context, r *bufio.Reader) error {
	s, err := newStreams(r)
	if err != nil {
		return damaged(err)
	}
	if s == nil {
		head, err := r.Peek(format.BlockSize)
		if err == nil && len(bytes.Trim(head, "\x00")) == 0 {
			return c.readTar(ctx, r)
		}
		err = c.readZip(ctx, r) // perhaps behind a program that extracts it
		if errors.Is(err, zip.ErrFormat) {
			err = ErrNotConvertible
		}
		return err
	}
	defer s.Close()
	return c.readTar(ctx, bufio.NewReaderSize(s, output.WriteSize))
}

// noteAbsolute reports the first absolute name.
func (c *converter) noteAbsolute(name string) {
	if strings.HasPrefix(name, "/") && !c.absolute {
		c.absolute = true
		c.notice("the leading / is removed from absolute names, such as %s", format.Printable(name))
	}
}

// notice reports what the caller should know about the input as a whole.
func (c *converter) notice(message string, args ...any) {
	if c.o.Notice != nil {
		c.o.Notice(fmt.Errorf(message, args...))
	}
}

// damaged returns an error of reading the input as an ErrNotConvertible, unless it comes from the
// context or the system.
func damaged(err error) error {
	var pe *os.PathError
	if err == nil || errors.As(err, &pe) || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrNotConvertible, err)
}

// refuse reports an entry that is left out.
func (c *converter) refuse(path string, err error) {
	c.problems.Add(&format.Problem{Path: path, Offset: -1, Err: err})
}

// admit counts an entry, or refuses it, and reports whether to pack it. Nothing is packed in a dry
// run.
func (c *converter) admit(h *format.Header) bool {
	if err := h.Check(); err != nil {
		c.refuse(h.Path, errors.Unwrap(err))
		return false
	}
	c.entries++
	return c.p != nil
}

// submit sends an entry to the packer, or refuses it. Content is the content of a file.
func (c *converter) submit(ctx context.Context, h format.Header, content io.Reader) error {
	if !c.admit(&h) {
		return nil
	}
	if h.Type == sidecar.TypeFile {
		it, err := c.take(ctx, h, content)
		if errors.Is(err, zip.ErrChecksum) || errors.Is(err, zip.ErrFormat) ||
			errors.Is(err, zip.ErrAlgorithm) {
			c.refuse(h.Path, err)
			return nil
		}
		if err != nil {
			return err
		}
		if err := c.spool.Announce(&h); err != nil {
			it.Release()
			return err
		}
		return c.p.Submit(ctx, it)
	}
	if err := c.spool.Announce(&h); err != nil {
		if !errors.Is(err, spool.ErrSelf) {
			c.refuse(h.Path, err)
		}
		return nil
	}
	if err := c.p.Submit(ctx, packer.NewGivenItem(h)); err != nil {
		return err
	}
	return c.p.EndDir(ctx) // so that links do not wait for the end of a directory
}

// take reads the content of a file to its end, which verifies its checksum.
func (c *converter) take(
	ctx context.Context, h format.Header, content io.Reader,
) (*packer.Item, error) {
	it, err := c.contents.Item(ctx, h, content)
	if errors.Is(err, spool.ErrLonger) {
		err = zip.ErrFormat
	}
	if ctx.Err() != nil {
		return it, err
	}
	return it, damaged(err)
}
