//go:build unix

package filetest

import (
	"io/fs"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// HasFIFOs is whether directories can have FIFOs.
const HasFIFOs = true

// Mkfifo makes a FIFO.
func Mkfifo(name string) error { return unix.Mkfifo(name, 0o644) }

// NeedSymlinks does nothing: every user can make symbolic links.
func NeedSymlinks(testing.TB) {}

// Mode returns what the system keeps of a mode: all of it.
func Mode(m fs.FileMode) fs.FileMode { return m }

// SetTempDir makes dir the directory for temporary files, until the end of the test.
func SetTempDir(t testing.TB, dir string) {
	t.Helper()
	t.Setenv("TMPDIR", dir)
}

// Lutimes sets the modification time of name itself, not of what it links to, in seconds since
// 1970.
func Lutimes(name string, seconds int64) error {
	ts := []unix.Timespec{{Sec: seconds}, {Sec: seconds}}
	return unix.UtimesNanoAt(unix.AT_FDCWD, name, ts, unix.AT_SYMLINK_NOFOLLOW)
}

// OnDisk returns how many bytes a file takes.
func OnDisk(fi fs.FileInfo) int64 {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return st.Blocks * 512
	}
	return fi.Size()
}

// MaxOpenFiles returns how many files this process could open.
func MaxOpenFiles(t testing.TB) int {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	return int(min(uint64(limit.Max), 1<<30)) //nolint:unconvert // int64 on FreeBSD
}

// LimitOpenFiles lets this process open at most n files, until release is called.
func LimitOpenFiles(t testing.TB, n int) (release func()) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	set := func(to syscall.Rlimit) {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &to); err != nil {
			t.Fatal(err)
		}
	}
	low := limit
	low.Cur = asLimit(n, low.Cur)
	set(low)
	return func() { set(limit) }
}

// asLimit returns n in the type that a limit has on this system.
func asLimit[T uint64 | int64](n int, _ T) T { return T(n) }
