package tarpack

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
)

// readZip reads a zip, whose directory is at its end: what is no file is copied to one first.
func (c *converter) readZip(ctx context.Context, r io.Reader) error {
	name := c.temp
	if c.p == nil {
		name = path.Join(os.TempDir(), path.Base(c.temp))
	}
	f, err := unlinkedTemp(name + ".zip")
	if err != nil {
		return err
	}
	defer f.Close()
	size, err := io.Copy(f, r)
	if err != nil {
		return err
	}
	z, err := zip.NewReader(f, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return fmt.Errorf("%w: %w", ErrNotConvertible, err)
	}
	z.RegisterDecompressor(zstd.ZipMethodWinZip, zstd.ZipDecompressor())
	z.RegisterDecompressor(zstd.ZipMethodPKWare, zstd.ZipDecompressor())
	for _, zf := range z.File {
		if err := c.submitZip(ctx, zf); err != nil {
			return err
		}
	}
	return nil
}

const zipEncrypted = 1 // bit of the flags

// submitZip sends an entry of a zip to the packer, or refuses it.
func (c *converter) submitZip(ctx context.Context, zf *zip.File) error {
	h, err := headerOfZip(zf)
	if errors.Is(err, errNoEntry) {
		return nil
	}
	if err == nil && zf.Flags&zipEncrypted != 0 {
		err = errors.New("it is encrypted")
	}
	var content io.ReadCloser
	switch {
	case err != nil:
	case h.Type == sidecar.TypeSymlink:
		if h.Link, err = zipLink(zf); err == nil && h.Link == "" {
			err = errors.New("a symbolic link to nothing")
		}
	case h.Type == sidecar.TypeFile && zf.Method == zip.Deflate && h.Size > 0 && h.Size <= inMemory && zf.CompressedSize64 <= inMemory+inMemory/2:
		return c.submitRaw(ctx, zf, h)
	case h.Type == sidecar.TypeFile:
		if content, err = zf.Open(); err == nil {
			defer content.Close()
		}
	}
	if err != nil {
		c.refuse(zf.Name, err)
		return nil
	}
	return c.submit(ctx, h, content)
}

func zipLink(zf *zip.File) (string, error) {
	r, err := zf.Open()
	if err != nil {
		return "", err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, maxLink+1))
	return string(b), err
}

// headerOfZip makes a header of one of archive/zip.
func headerOfZip(zf *zip.File) (Header, error) {
	name := zf.Name
	if zf.CreatorVersion>>8 == 0 { // FAT: some programs write backslashes
		name = strings.ReplaceAll(name, `\`, "/")
	}
	p, err := cleanName(name)
	if err != nil {
		return Header{}, err
	}
	mode := zf.Mode()
	h := Header{Path: p, Mode: unixMode(mode), ModTime: zf.Modified.Unix()}
	switch {
	case mode.IsDir():
		h.Type = sidecar.TypeDir
	case mode&fs.ModeSymlink != 0:
		h.Type = sidecar.TypeSymlink
	case mode.IsRegular():
		h.Type, h.Size = sidecar.TypeFile, int64(zf.UncompressedSize64)
	default:
		return Header{}, fmt.Errorf("an entry of the type %v", mode.Type())
	}
	if p == "" {
		if h.Type == sidecar.TypeDir {
			return Header{}, errNoEntry
		}
		return Header{}, errors.New("a name that is empty")
	}
	return h, nil
}

// submitRaw sends a file whose deflate stream is taken over.
func (c *converter) submitRaw(ctx context.Context, zf *zip.File, h Header) error {
	if err := h.check(); err != nil {
		c.refuse(h.Path, errors.Unwrap(err))
		return nil
	}
	c.entries++
	if c.p == nil {
		return nil
	}
	r, err := zf.OpenRaw()
	if err != nil {
		c.refuse(zf.Name, err)
		return nil
	}
	it := &item{sourceEntry: sourceEntry{dir: &c.dir, name: h.Path, typ: h.Type}, given: &h, rawCRC: zf.CRC32}
	it.weight = max(h.Size, int64(zf.CompressedSize64))
	if err := c.p.budget.Acquire(ctx, it.weight); err != nil {
		return context.Cause(ctx)
	}
	it.raw = getBuffer(int(zf.CompressedSize64) + 1)
	it.raw.b = it.raw.b[:zf.CompressedSize64]
	if _, err := io.ReadFull(r, it.raw.b); err != nil {
		return damaged(err)
	}
	if err := c.p.spool.announce(&h); err != nil {
		return err
	}
	c.dir.acquire()
	return c.p.submit(ctx, it)
}

// inflateRaw makes C of a raw deflate stream, if that is right, and its content.
func (it *item) inflateRaw() error {
	defer it.raw.release()
	size := it.given.Size
	it.member = getBuffer(len(it.raw.b) + gzmember.HeaderSize + gzmember.MemberTrailerSize)
	b := gzmember.AppendMemberHeader(it.member.b, nil)
	b = append(b, it.raw.b...)
	b = gzmember.AppendMemberTrailer(b, it.rawCRC, size)
	it.member.b = b
	it.content = getBuffer(int(size) + 1)
	content, used, err := gzmember.Inflate(it.content.b, b, int(size))
	if err == nil && (used != len(b) || int64(len(content)) != size) {
		err = fmt.Errorf("%w: bytes follow its deflate stream", ErrCorrupt)
	}
	if err != nil {
		return &Problem{Path: it.given.Path, Offset: -1, Err: err}
	}
	it.content.b = content
	it.made.coding = coding.Deflate
	if gzmember.IsStored(b, size) {
		it.made.coding = coding.Stored
	}
	return nil
}
