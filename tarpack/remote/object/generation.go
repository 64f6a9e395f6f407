package object

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/tarpack/tpk/tarpack/source"
)

// A generation is what the first response has fixed.
type generation struct {
	size     int64
	etag     string // as it was sent; "" if there was none
	modified string // Last-Modified as it was sent
}

func newGeneration(size int64, h http.Header) generation {
	return generation{size: size, etag: h.Get("ETag"), modified: h.Get("Last-Modified")}
}

// strong reports whether the ETag can be used with If-Match (RFC 9110 §8.8.3, §13.1.1).
func (g generation) strong() bool {
	return len(g.etag) > 2 && g.etag[0] == '"' && strings.IndexByte(g.etag[1:], '"') == len(g.etag)-2
}

// compare returns an error that wraps source.ErrChanged if a response is of another generation.
func (g generation) compare(size int64, h http.Header) error {
	now := newGeneration(size, h)
	switch {
	case now.size != g.size:
		return fmt.Errorf("%w: it has %d bytes now, and had %d", source.ErrChanged, now.size, g.size)
	case now.etag != g.etag:
		return fmt.Errorf("%w: its ETag is %s now, and was %s", source.ErrChanged,
			tag(now.etag), tag(g.etag))
	case !g.strong() && now.modified != g.modified:
		return fmt.Errorf("%w: its Last-Modified is another one", source.ErrChanged)
	}
	return nil
}

func tag(s string) string {
	if s == "" {
		return "missing"
	}
	return printable(s)
}

// weakness is the notice about a generation that is not strong.
func (g generation) weakness() error {
	if g.modified == "" {
		return fmt.Errorf("%w and no Last-Modified: a change that keeps the size is not noticed",
			ErrWeak)
	}
	return fmt.Errorf("%w: a change that keeps size and Last-Modified is not noticed", ErrWeak)
}
