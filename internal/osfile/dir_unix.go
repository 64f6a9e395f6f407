//go:build unix

package osfile

import (
	"errors"
	"os"
)

// SyncDir makes the names in a directory durable.
func SyncDir(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
