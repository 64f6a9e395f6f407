//go:build !linux

package extract

import (
	"errors"
	"fmt"
	"os"
)

func canClone(*os.Root) bool { return false }

func cloneFile(_, _ *os.File) error { return errNoClone }

// setTime sets the modification time of an open file, which is name in the directory.
func (d *targetDir) setTime(_ *os.File, name string, seconds int64) error {
	return d.setTimeOf(name, seconds)
}

// special would make a FIFO or a device.
func (d *targetDir) special(j *job) error {
	return fmt.Errorf("%w: a %v is restored on Linux only", errors.ErrUnsupported, j.entry.Type)
}
