package terminal

import (
	"context"
	"io/fs"
	"path/filepath"

	"github.com/tarpack/tpk/tarpack/exclude"
	"github.com/tarpack/tpk/tarpack/format"
)

// CountTree counts what is to be packed, makes the meter expect that, and returns it. If counting
// fails, the meter expects nothing. It may run while dir is being packed.
func (m *Meter) CountTree(
	ctx context.Context, dir string, exclude *exclude.Patterns,
) format.Progress {
	var goal format.Progress
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == dir {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err == nil && exclude.Match(filepath.ToSlash(rel), d.IsDir()) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		goal.Entries++
		if d.Type().IsRegular() {
			info, err := d.Info()
			if err != nil {
				return err
			}
			goal.Bytes += info.Size()
		}
		return ctx.Err()
	})
	if err != nil {
		return format.Progress{}
	}
	m.Expect(goal)
	return goal
}
