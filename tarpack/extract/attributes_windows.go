package extract

import (
	"io/fs"
	"math"
	"time"
)

// setTimeOf sets the modification time of a name in the directory. A symbolic link keeps its own:
// os.Root.Chtimes follows links.
func (d *targetDir) setTimeOf(name string, seconds int64) error {
	fi, err := d.root.Lstat(name)
	if err != nil || fi.Mode().Type() == fs.ModeSymlink {
		return err
	}
	t := modTime(seconds)
	return d.root.Chtimes(name, t, t)
}

// modTime returns the time that is set. One outside of the years 1678 to 2262, which package os
// can't set on Windows, becomes the nearest that it can.
func modTime(seconds int64) time.Time {
	const last = math.MaxInt64/int64(time.Second) - 1
	return time.Unix(max(-last, min(seconds, last)), 0)
}
