package format

import (
	"fmt"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
)

// ContentOf returns the location of the content of entry i of an index, a regular file or a hard
// link. For a hard link that is the content of its target. The error wraps sidecar.ErrRange for
// other entries.
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

// ContentOfEntry is ContentOf for entry i, a regular file, if the caller has read its record e.
func ContentOfEntry(x *sidecar.Index, i int, e *sidecar.Entry) (gzmember.Content, error) {
	if e.Type != sidecar.TypeFile {
		return gzmember.Content{},
			fmt.Errorf("%w: entry %d is a %v and has no content", sidecar.ErrRange, i, e.Type)
	}
	c := gzmember.Content{
		Offset: e.ContentOffset(), Length: e.ContentLen, Size: e.Size, CRC: e.CRC,
		Coding: e.Coding,
	}
	if e.Coding == coding.Segmented {
		t, err := x.Segments(i)
		if err != nil {
			return gzmember.Content{}, err
		}
		c.Shift, c.Ends = t.Shift, t.End
	}
	return c, nil
}
