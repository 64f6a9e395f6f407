package sidecar

import (
	"github.com/tarpack/tpk/sidecar/internal/layout"
	"github.com/tarpack/tpk/sidecar/internal/totals"
)

// dirTotals checks what the records of directories state about what is below them. All has found no
// error in any entry, and names has all hard links.
func (v *verifier) dirTotals() error {
	if err := v.names.Sort(); err != nil {
		return err
	}
	var c totals.Counter
	for i := range v.x.Len() {
		if err := v.endDirs(&c, uint32(i)); err != nil {
			return err
		}
		b, err := v.x.record(int64(i), &v.sc.record)
		if err != nil {
			return err
		}
		r := layout.AsRecord(b)
		switch t := Type(r.Type()); t {
		case TypeDir:
			c.Dir(uint32(i), r.Narrow())
		case TypeFile, TypeHardlink:
			before, member, _, err := v.names.Of(uint32(i))
			if err != nil {
				return err
			}
			if t == TypeFile {
				member = uint64(r.Wide())
			}
			c.Content(uint64(r.Size()), member, before)
		default:
			c.Other()
		}
	}
	return v.endDirs(&c, uint32(v.x.Len()))
}

// endDirs checks the directories that end before an entry.
func (v *verifier) endDirs(c *totals.Counter, ordinal uint32) error {
	for {
		dir, want, ok := c.Ended(ordinal)
		if !ok {
			return nil
		}
		b, err := v.x.record(int64(dir), &v.sc.target)
		if err != nil {
			return err
		}
		if t := layout.AsRecord(b).Totals(); t != want {
			return layout.Corruptf("directory %d states %+v below it, there are %+v", dir, t, want)
		}
	}
}
