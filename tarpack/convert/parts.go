package convert

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tarpack/tpk/internal/count"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/compressed"
)

// A part is a piece of the input in one format.
type part int

const (
	partNone    part = iota // unknown
	partTar                 // an uncompressed tar
	partZip                 // a zip
	partStreams             // compressed streams and tpk archives
	partZeros               // nothing but zeros up to the end
)

// partOf returns which kind of part begins with b, the next block or the rest of the input. A tar
// header comes first, as its checksum is the surest sign.
func partOf(b []byte) part {
	switch {
	case len(b) == format.BlockSize && isTarHeader(b):
		return partTar
	case isZip(b):
		return partZip
	case compressed.Begins(b):
		return partStreams
	case len(bytes.Trim(b, "\x00")) == 0:
		return partZeros
	}
	return partNone
}

// read reads the whole input, part by part.
func (c *converter) read(ctx context.Context, in io.Reader) (err error) {
	c.in = newInput(ctx, in, c.temp)
	defer func() { err = errors.Join(err, c.in.Close()) }()
	if c.in.file != nil {
		if fi, err := c.in.file.Stat(); err == nil && fi.Mode().IsRegular() {
			c.input = fi.ModTime()
		}
	}
	last, err := c.readFirst(ctx)
	for err == nil && !(last == partStreams && c.in.onDevice()) {
		if err = compressed.SkipZeros(c.in.r); err != nil {
			break
		}
		head, _ := c.in.r.Peek(format.BlockSize)
		next := partOf(head)
		if next == partNone {
			err = c.readJunk(last)
		} else {
			err = c.readPart(ctx, next)
		}
		last = next
	}
	if err != nil && err != io.EOF {
		return err
	}
	c.noteLosses()
	return nil
}

// readFirst reads the first part. It may begin with a block of zeros, or be a zip behind a program.
func (c *converter) readFirst(ctx context.Context) (part, error) {
	head, err := c.in.r.Peek(format.BlockSize)
	if len(head) == 0 {
		if err == nil || err == io.EOF {
			err = fmt.Errorf("%w: %w", ErrNotConvertible, format.ForeignEmpty)
		}
		return 0, err
	}
	first := partOf(head)
	switch {
	case first == partZeros && len(head) < format.BlockSize:
		return 0, fmt.Errorf("%w: it has only %s", ErrNotConvertible,
			count.Of(len(head), "zero", "zeros"))
	case first == partZeros:
		return partNone, nil
	case first == partTar, first == partZip, first == partStreams && c.in.beginsStream():
		return first, c.readPart(ctx, first)
	}
	kind := format.Recognize(head) // readZip may overwrite head
	err = c.readZip(ctx)
	switch {
	case !errors.Is(err, errNoDirectory):
		return partZip, err
	case first == partStreams: // the decoder has the best message
		return partStreams, c.readPart(ctx, partStreams)
	case kind == format.ForeignTar: // its first header is damaged
		return partTar, c.readPart(ctx, partTar)
	}
	return 0, fmt.Errorf("%w: %w", ErrNotConvertible, kind)
}

// readPart reads a part that begins here.
func (c *converter) readPart(ctx context.Context, p part) error {
	switch p {
	case partTar:
		return c.readTar(ctx, c.in.r, c.in.isTarOver)
	case partZip:
		return c.readZip(ctx)
	case partStreams:
		return c.readStreams(ctx)
	}
	return nil
}

// readStreams reads tpk archives and compressed tars that follow each other.
func (c *converter) readStreams(ctx context.Context) error {
	s := compressed.NewReader(c.in.r)
	defer s.Close()
	for {
		size, err := c.archiveAfter(ctx, s)
		switch {
		case err != nil:
		case size == 0:
			err = c.readTar(ctx, s, func(int) (bool, error) { return c.isStreamOver(ctx, s) })
		default:
			err = c.copyArchive(ctx, size)
		}
		if err != nil || size > 0 && c.in.onDevice() {
			return err
		}
		if _, err := s.AtEnd(); err != nil {
			return damaged(err)
		}
		if head, _ := c.in.r.Peek(format.BlockSize); partOf(head) != partStreams {
			return nil
		}
	}
}

// isStreamOver reports whether the current stream is at its end, and followed by a part of another
// kind or by a tpk archive.
func (c *converter) isStreamOver(ctx context.Context, s *compressed.Reader) (bool, error) {
	if end, err := s.AtEnd(); !end || err != nil {
		return false, damaged(err)
	}
	head, _ := c.in.r.Peek(format.BlockSize)
	if p := partOf(head); p == partTar || p == partZip {
		return true, nil
	}
	size, err := c.in.archive(ctx)
	return size > 0, err
}

// archiveAfter returns the size of the tpk archive that begins here, which is not inside a
// compressed stream, or 0 if none does.
func (c *converter) archiveAfter(ctx context.Context, s *compressed.Reader) (int64, error) {
	if end, err := s.AtEnd(); !end || err != nil {
		return 0, damaged(err)
	}
	return c.in.archive(ctx)
}

// readJunk reads the rest of the input, which begins with an unknown format.
func (c *converter) readJunk(last part) error {
	at := c.in.consumed()
	if last != partZip {
		head, _ := c.in.r.Peek(format.BlockSize)
		return fmt.Errorf("%w: other bytes follow at offset %d (%s)", ErrNotConvertible, at,
			string(format.Recognize(head)))
	}
	var j junk
	if _, err := io.Copy(&j, c.in.r); err != nil {
		return err
	}
	if err := j.check(); err != nil {
		return fmt.Errorf("%w: the zip ends at offset %d, and %w", ErrNotConvertible, at, err)
	}
	const behind = " behind the end of the zip "
	c.notice("%s", count.Of(j.size, "byte"+behind+"is left out", "bytes"+behind+"are left out"))
	return nil
}

// A junk looks for archives in bytes that no reader takes: behind the end of a tar or a zip. Bytes
// without one are left out, as GNU tar and Info-ZIP do. Write never fails.
type junk struct {
	size int64
	tail []byte // the last bytes, which may begin a sign
	err  error  // the first sign of an archive
}

// errHoldsArchive: bytes seem to hold an archive.
var errHoldsArchive = errors.New(
	"bytes follow its end that can't be read and seem to hold an archive")

func (j *junk) Write(b []byte) (int, error) {
	j.add(b)
	return len(b), nil
}

// add looks at the next bytes.
func (j *junk) add(b []byte) {
	if j.err == nil {
		if j.size == 0 && len(b) >= format.BlockSize && seemsTarHeader(b) {
			j.found(0, "a damaged tar header")
		}
		j.look(b)
	}
	j.size += int64(len(b))
}

func (j *junk) look(b []byte) {
	before := len(j.tail)
	b = append(j.tail, b...)
	for _, s := range signs {
		if i := bytes.Index(b, []byte(s.magic)); i >= 0 {
			j.found(j.size-int64(before)+int64(i), s.about)
		}
	}
	for i := 0; i+format.BlockSize <= len(b); i++ {
		// The checksum of all writers ends in a NUL and a space, or the other way round.
		if end := b[i+154 : i+156]; end[0]|end[1] == ' ' && end[0]&end[1] == 0 && b[i] != 0 &&
			isTarHeader(b[i:]) {
			j.found(j.size-int64(before)+int64(i), "a tar header")
		}
	}
	j.tail = bytes.Clone(b[max(0, len(b)-format.BlockSize+1):])
}

// found remembers the first sign.
func (j *junk) found(at int64, about string) {
	if j.err == nil {
		j.err = fmt.Errorf("%w: %s after %s", errHoldsArchive, about,
			count.Of(at, "byte", "bytes"))
	}
}

// check returns an error if the bytes seem to hold an archive.
func (j *junk) check() error { return j.err }

// signs are bytes that stand in archives, and hardly ever elsewhere.
var signs = []struct{ magic, about string }{
	{"\x00ustar", "a tar header"}, {"ustar\x0000", "a tar header"}, {"ustar  \x00", "a tar header"},
	{"PK\x03\x04", "a zip"}, {"PK\x05\x06", "a zip"},
	{"\x1f\x8b\x08\x00", "gzip"}, {"\x1f\x8b\x08\x04", "gzip"}, {"\x1f\x8b\x08\x08", "gzip"},
	{"BZh11AY&SY", "bzip2"}, {"BZh61AY&SY", "bzip2"}, {"BZh91AY&SY", "bzip2"},
	{"\xfd7zXZ\x00", "xz"}, {"\x28\xb5\x2f\xfd", "zstd"}, {"\x04\x22\x4d\x18", "lz4"},
	{"7z\xbc\xaf\x27\x1c", "7z"}, {"Rar!\x1a\x07", "rar"}, {"LZIP\x01", "lzip"},
	{"\x89LZO\x00\r\n", "lzop"}, {"070701", "cpio"}, {"070702", "cpio"}, {"!<arch>\n", "ar"},
}

// seemsTarHeader reports whether a block has the form of a tar header, whatever its checksum is:
// its numbers are octal digits.
func seemsTarHeader(b []byte) bool {
	if b[0] == 0 || string(b[257:262]) == "ustar" {
		return b[0] != 0
	}
	for _, at := range [][2]int{{100, 108}, {124, 136}, {136, 148}} {
		field := bytes.Trim(b[at[0]:at[1]], " \x00")
		if len(field) == 0 || len(bytes.Trim(field, "01234567")) > 0 {
			return false
		}
	}
	return true
}
