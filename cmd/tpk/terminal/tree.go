package terminal

import (
	"context"
	"io/fs"
	"path/filepath"

	"github.com/tarpack/tpk/tarpack"
)

// CountTree counts what is to be packed and tells the meter to expect that, unless it fails. It
// may run while dir is being packed. It returns what it has counted.
func (m *Meter) CountTree(
	ctx context.Context, dir string, exclude *tarpack.Excluder,
) tarpack.Progress {
	var goal tarpack.Progress
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
		return tarpack.Progress{}
	}
	m.Expect(goal)
	return goal
}
