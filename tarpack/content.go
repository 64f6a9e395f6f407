package tarpack

import (
	"io"
	"slices"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/tarpack/source"
)

// AppendContent appends the content of entry i, a regular file or a hard link, to dst. For small
// files it takes less time than [Archive.OpenContent], and if dst has room for the content it
// allocates next to nothing. The errors are those of OpenContent and of its reader. After an error
// dst is returned unchanged.
func (a *Archive) AppendContent(dst []byte, i int) ([]byte, error) {
	c, err := a.Content(i)
	if err != nil {
		return dst, err
	}
	return a.appendContent(dst, &c, i)
}

// appendContent appends the content of entry i, which c describes.
func (a *Archive) appendContent(dst []byte, c *gzmember.Content, i int) ([]byte, error) {
	if _, kept := a.src.(source.Keeper); !kept && a.signed == nil &&
		c.Length <= gzmember.MaxWhole && c.Size <= gzmember.MaxWhole {
		return gzmember.AppendWhole(dst, a.src, c)
	}
	r, err := a.open(*c, i)
	if err != nil {
		return dst, err
	}
	defer r.Close()
	out := dst
	for left := c.Size; left > 0; {
		if len(out) == cap(out) { // as the bytes come: the size is only what the index states
			const trusted = 1 << 20
			out = slices.Grow(out, int(min(max(c.Size-left, trusted), left)))
		}
		n, err := r.Read(out[len(out):min(int64(cap(out)), int64(len(out))+left)])
		out, left = out[:len(out)+n], left-int64(n)
		if err == io.EOF && left > 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil && err != io.EOF {
			return dst, err
		}
	}
	return out, nil
}
