package text

import (
	"io"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/text/prose"
)

// Content appends the content of entry i to dst, up to prose.MaxRead bytes.
func Content(a *tarpack.Archive, dst []byte, i int) ([]byte, error) {
	e, err := a.Index().Entry(i)
	if err != nil {
		return dst, err
	}
	if e.Size <= prose.MaxRead {
		return a.AppendContent(dst, i)
	}
	f, err := a.OpenContent(i)
	if err != nil {
		return dst, err
	}
	defer f.Close()
	n := len(dst)
	dst = append(dst, make([]byte, prose.MaxRead)...)
	m, err := io.ReadFull(f, dst[n:])
	return dst[:n+m], err
}
