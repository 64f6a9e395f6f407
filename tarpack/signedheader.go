package tarpack

import (
	"fmt"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/signature"
)

// HeaderChecker compares tar headers of a signed archive with its index. It keeps the headers of
// the last group. One goroutine at a time may use it.
type HeaderChecker struct {
	a       *Archive
	off     int64 // of the member that was read
	headers map[string]format.GroupHeader
}

// HeaderChecker returns a new HeaderChecker, or nil if OpenOptions.Trust was not set.
func (a *Archive) HeaderChecker() *HeaderChecker {
	if a.signed == nil {
		return nil
	}
	return &HeaderChecker{a: a}
}

// Check returns an error that wraps signature.ErrHeader unless the tar header of entry i states
// what the index does. Owners are not in the index, and are not compared. It returns nil if c is
// nil.
func (c *HeaderChecker) Check(i int, e *sidecar.Entry) error {
	if c == nil {
		return nil
	}
	path, err := c.a.index.Path(i)
	if err != nil {
		return err
	}
	if c.headers == nil || c.off != e.Offset {
		if err := c.read(e); err != nil {
			return err
		}
	}
	h, ok := c.headers[path]
	if !ok {
		return fmt.Errorf("%w: it is not that of %s", signature.ErrHeader, format.Printable(path))
	}
	want, err := c.want(path, i, e)
	if err != nil {
		return err
	}
	h.UID, h.GID, h.Uname, h.Gname = 0, 0, "", ""
	if h.Header != want || h.Duplicate != e.Duplicate ||
		e.Type == sidecar.TypeFile && len(c.headers) > 1 {
		return signature.ErrHeader
	}
	return nil
}

// want returns the header of entry i, without an owner.
func (c *HeaderChecker) want(path string, i int, e *sidecar.Entry) (h format.Header, err error) {
	h = format.Header{Path: path, Type: e.Type, Mode: e.Mode, ModTime: e.ModTime,
		DevMajor: e.DevMajor, DevMinor: e.DevMinor}
	switch e.Type {
	case sidecar.TypeFile:
		h.Size = e.Size
	case sidecar.TypeSymlink:
		h.Link, err = c.a.index.Link(i)
	case sidecar.TypeHardlink:
		h.Link, err = c.a.index.Path(int(e.Target))
	}
	return h, err
}

// read reads the headers of the member that has the header of e.
func (c *HeaderChecker) read(e *sidecar.Entry) error {
	c.headers = nil
	g, err := format.ReadGroup(c.a.src, e.Offset, int(e.HeaderLen))
	if err != nil {
		return asHeader(err)
	}
	headers := map[string]format.GroupHeader{}
	for h, err := range g.Headers() {
		if err != nil {
			return asHeader(err)
		}
		headers[h.Path] = h
	}
	c.off, c.headers = e.Offset, headers
	return nil
}

// asHeader makes damage of a header a signature.ErrHeader.
func asHeader(err error) error {
	if isDamage(err) {
		return fmt.Errorf("%w: %w", signature.ErrHeader, err)
	}
	return err
}
