//go:build !linux

package tarpack

import (
	"os"
	"time"
)

func canClone(*os.Root) bool { return false }

func cloneFile(_, _ *os.File) error { return errNoClone }

// setTime sets the modification time of an open file, which is name in root.
func setTime(_ *os.File, root *os.Root, name string, t time.Time) error {
	return root.Chtimes(name, time.Time{}, t)
}
