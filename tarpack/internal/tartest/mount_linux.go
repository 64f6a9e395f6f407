package tartest

import "golang.org/x/sys/unix"

// mountTmpfs mounts a new file system on a directory.
func mountTmpfs(dir string) error { return unix.Mount("none", dir, "tmpfs", 0, "") }

// mountFile mounts a file on another one.
func mountFile(from, to string) error { return unix.Mount(from, to, "", unix.MS_BIND, "") }

func unmount(name string) error { return unix.Unmount(name, 0) }
