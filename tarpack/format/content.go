package format

import (
	"fmt"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar"
)

// contentOf returns the location of the content of entry i of an index, a regular file or a hard link (then its target's).
func ContentOf(x *sidecar.Index, i int) (gzmember.Content, error) {
	e, err := x.Entry(i)
	if err == nil && e.Type == sidecar.TypeHardlink {
		i = int(e.Target)
		e, err = x.Entry(i)
	}
	if err != nil {
		return gzmember.Content{}, err
	}
	return ContentOfEntry(x, i, &e)
}

// contentOfEntry is contentOf for entry i, a regular file, whose record e the caller has read.
func ContentOfEntry(x *sidecar.Index, i int, e *sidecar.Entry) (gzmember.Content, error) {
	if e.Type != sidecar.TypeFile {
		return gzmember.Content{}, fmt.Errorf("%w: entry %d is a %v and has no content", sidecar.ErrRange, i, e.Type)
	}
	c := gzmember.Content{
		Offset: e.ContentOffset(), Length: e.ContentLen, Size: e.Size, CRC: e.CRC, Coding: gzmember.Coding(e.Coding),
	}
	if e.Coding == sidecar.CodingSegmented {
		t, err := x.Segments(i)
		if err != nil {
			return gzmember.Content{}, err
		}
		c.Shift, c.Ends = t.Shift, t.End
	}
	return c, nil
}
