package report

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/tarpack/tpk/tarpack/format"
)

func TestLine(t *testing.T) {
	open := &fs.PathError{Op: "open", Path: "a", Err: syscall.ENOENT}
	const missing = "no such file or directory" // also where the system has another message
	listen := &net.OpError{
		Op: "listen", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80},
		Err: os.NewSyscallError("bind", syscall.EADDRINUSE),
	}
	for _, test := range []struct {
		name string
		err  error
		want string
	}{
		{"nil", nil, ""},
		{"reported", In("a", ErrReported), ""},
		{"closed pipe", &fs.PathError{Op: "write", Path: "a", Err: syscall.EPIPE}, ""},
		{"no hint", errors.New("what"), "tpk: what"},
		{"path first", open, "tpk: a: " + missing + ": check the name"},
		{"path once", In("a", open), "tpk: a: " + missing + ": check the name"},
		{
			"rename", &os.LinkError{Op: "rename", Old: "t", New: "a", Err: syscall.EROFS},
			"tpk: a: read-only file system: write elsewhere",
		},
		{
			"address first", listen,
			"tpk: 127.0.0.1:80: address already in use: choose another address with --listen",
		},
		{
			"standard output",
			&fs.PathError{Op: "write", Path: os.Stdout.Name(), Err: syscall.ENOSPC},
			"tpk: standard output: no space left on device: free some space or write elsewhere",
		},
		{
			"standard output of an archive", errors.Join(
				In("a", &fs.PathError{Op: "write", Path: os.Stdout.Name(), Err: syscall.EIO}),
				&fs.PathError{Op: "write", Path: os.Stdout.Name(), Err: syscall.EIO}),
			"tpk: standard output: input/output error: check the disk",
		},
		{
			"our own hint", WithHint(In("a", fs.ErrExist), "'tpk add' adds to it"),
			"tpk: a: file already exists: 'tpk add' adds to it",
		},
		{
			"the more specific hint",
			fmt.Errorf("a: %w: %w", fs.ErrPermission, format.ErrIndexRebuilt),
			"tpk: a: permission denied: indexing it in memory: 'tpk index' writes the index",
		},
		{
			"two errors of the system", errors.Join(open, In("b", syscall.EACCES)),
			"tpk: a: " + missing + "; b: permission denied: check the name",
		},
		{
			"two errors", errors.Join(errors.New("one"), errors.New("two")),
			"tpk: one; two",
		},
		{
			"control characters", In("\x1b[31m\n", errors.New("what")),
			`tpk: \033[31m; : what`,
		},
	} {
		if got := Line(test.err); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestExitCode(t *testing.T) {
	stopped := &InterruptedError{syscall.SIGINT, Usagef("usage")}
	for _, test := range []struct {
		name string
		err  error
		want int
	}{
		{"nil", nil, 0},
		{"any error", errors.New("what"), 1},
		{"reported", ErrReported, 1},
		{"usage", In("a", Usagef("%s", "usage")), 2},
		{"Ctrl-C", stopped, 130},
		{"closed pipe", fmt.Errorf("a: %w", syscall.EPIPE), 141},
	} {
		if got := ExitCode(test.err); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
}

// TestBelowFile: a path below a file has the message of Unix on Windows, too.
func TestBelowFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	below := filepath.Join(file, "a")
	_, err := os.ReadDir(below)
	want := "tpk: " + OneLine(below) + ": not a directory: check the name"
	if got := Line(err); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
