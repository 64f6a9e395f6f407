package mount

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// capNoOpenDir is no capability: macFUSE opens directories.
const capNoOpenDir = 0

// serve mounts f on dir and returns its server, which answers requests as soon as its Serve runs.
// The system needs macFUSE.
func serve(f *fileSystem, dir string, o *Options) (*fuse.Server, error) {
	options := f.mountOptions(o)
	options.Options = []string{"ro", "default_permissions"}
	server, err := fuse.NewServer(f, dir, options)
	if err != nil {
		return nil, fmt.Errorf("%w: is macFUSE installed? %w", ErrNoFuse, err)
	}
	return server, nil
}

// refusePolls does nothing: go-fuse does it.
func refusePolls(string) error { return nil }

// Unmount unmounts what this package has mounted on a directory, also if the process has ended. The
// error wraps [ErrNotMounted] or [ErrInUse].
func Unmount(dir string) error {
	path, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	n, err := unix.Getfsstat(nil, unix.MNT_NOWAIT)
	if err != nil {
		return err
	}
	list := make([]unix.Statfs_t, n+8)
	if n, err = unix.Getfsstat(list, unix.MNT_NOWAIT); err != nil {
		return err
	}
	for _, st := range list[:n] {
		kind := unix.ByteSliceToString(st.Fstypename[:])
		if unix.ByteSliceToString(st.Mntonname[:]) == path && (kind == "macfuse" || kind == "osxfuse") {
			if err := unmount(path, false); err != nil {
				return fmt.Errorf("%s: %w", dir, err)
			}
			return nil
		}
	}
	return fmt.Errorf("%s: %w", dir, ErrNotMounted)
}

// unmount unmounts a directory, with lazily also if it is in use.
func unmount(dir string, lazily bool) error {
	flags := 0
	if lazily {
		flags = unix.MNT_FORCE
	}
	switch err := unix.Unmount(dir, flags); {
	case errors.Is(err, unix.EBUSY):
		return ErrInUse
	case err != nil:
		return fmt.Errorf("unmount: %w", err)
	}
	return nil
}
