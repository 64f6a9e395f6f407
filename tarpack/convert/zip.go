package convert

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/output"
	"github.com/tarpack/tpk/tarpack/internal/packer"
)

// readZip packs the entries of the zip at the end of the input. It needs the input as a file, as
// the directory of a zip is at its end. Bytes before and behind the zip may be in other formats.
func (c *converter) readZip(ctx context.Context) error {
	begin := c.in.consumed()
	r, err := c.in.whole(ctx)
	if err != nil {
		return err
	}
	z, err := zip.NewReader(r, r.Size())
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return fmt.Errorf("%w: %w", ErrNotConvertible, err)
	}
	end, err := findZipEnd(r)
	if err == nil {
		err = checkBefore(z, &end, r, begin)
	}
	if err != nil {
		return err
	}
	c.zip = r
	err = c.pack(ctx, func(ctx context.Context) error {
		for _, zf := range z.File {
			if err := c.submitZip(ctx, zf); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.in.seek(ctx, end.end+c.in.begin)
	return nil
}

const zipEncrypted = 1 // a bit of the general purpose flags

// submitZip sends an entry of a zip to the packer, or refuses it.
func (c *converter) submitZip(ctx context.Context, zf *zip.File) error {
	h, err := c.headerOfZip(zf)
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
	case canCopyDeflate(zf, &h):
		return c.submitRaw(ctx, zf, h)
	case h.Type == sidecar.TypeFile:
		if content, err = openZip(zf); err == nil {
			defer content.Close()
		}
	}
	if err != nil {
		c.refuse(zf.Name, err)
		return nil
	}
	return c.submit(ctx, h, content)
}

// canCopyDeflate reports whether h is a file with a deflate stream that fits into memory.
func canCopyDeflate(zf *zip.File, h *format.Header) bool {
	return h.Type == sidecar.TypeFile && zf.Method == zip.Deflate && h.Size > 0 &&
		h.Size <= packer.InMemory && zf.CompressedSize64 <= packer.InMemory+packer.InMemory/2
}

// zipLink returns the target of a symbolic link, at most format.MaxLink+1 bytes of it.
func zipLink(zf *zip.File) (string, error) {
	r, err := openZip(zf)
	if err != nil {
		return "", err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, format.MaxLink+1))
	return string(b), err
}

// submitRaw sends a file whose deflate stream is copied.
func (c *converter) submitRaw(ctx context.Context, zf *zip.File, h format.Header) error {
	if !c.admit(&h) {
		return nil
	}
	r, err := zf.OpenRaw()
	if err != nil {
		c.refuse(zf.Name, err)
		return nil
	}
	if err := c.p.Reserve(ctx, packer.DeflatedCost(h.Size, int64(zf.CompressedSize64))); err != nil {
		return err
	}
	raw := output.GetBuffer(int(zf.CompressedSize64) + 1)
	raw.B = raw.B[:zf.CompressedSize64]
	if _, err := io.ReadFull(r, raw.B); err != nil {
		return damaged(err)
	}
	if err := c.spool.Announce(&h); err != nil {
		return err
	}
	return c.p.Submit(ctx, packer.NewDeflatedItem(h, raw, zf.CRC32))
}
