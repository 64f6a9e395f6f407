//go:build unix

package handover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/tarpack/tpk/serve"
)

// Successor is a new process that is ready.
type Successor struct {
	// Pid is the number of the process.
	Pid int

	line *os.File
}

// Start runs this program again, with the same arguments, and returns when the new process is
// ready. It may have been replaced on disk: its name is looked up as a shell would. There is no
// limit to the time: archives of other programs may have to be converted. If ctx ends, the new
// process is ended as by SIGTERM. Of archives, which may be nil, paths and mounts are handed over.
//
// The new process is not waited for once it is ready. systemd, whose child it is, gets its exit
// code at once. Another service manager gets it when this process ends as well.
func Start(
	ctx context.Context, listeners []serve.NamedListener, archives []serve.Archive,
) (*Successor, error) {
	list, err := appendArchives(nil, archives)
	if err != nil {
		return nil, err
	}
	ours, theirs, err := pair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	process, err := run(theirs, listeners)
	if err != nil {
		_ = ours.Close()
		return nil, err
	}
	_ = theirs.Close()
	defer context.AfterFunc(ctx, func() { _ = process.Signal(syscall.SIGTERM) })()
	_, _ = ours.Write(list) // if the process has ended, that is found out now
	var b [1]byte
	if n, _ := ours.Read(b[:]); n == 1 && ctx.Err() == nil {
		return &Successor{process.Pid, ours}, nil
	}
	_ = ours.Close()
	state, err := process.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.Is(err, syscall.ECHILD): // a child of systemd
		return nil, ErrEnded
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrEnded, err)
	}
	return nil, fmt.Errorf("%w: %s", ErrEnded, state)
}

// Confirm lets the new process go on.
func (s *Successor) Confirm() { _, _ = s.line.Write([]byte{1}) }

// Ended waits for the end of the new process.
func (s *Successor) Ended() {
	for b := make([]byte, 1); ; {
		if n, err := s.line.Read(b); n == 0 && err != nil {
			return
		}
	}
}

// pair returns the two ends of a line.
func pair() (ours, theirs *os.File, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	for _, fd := range fds {
		unix.CloseOnExec(fd)
		_ = unix.SetNonblock(fd, true) // so that Close ends a Read
	}
	return os.NewFile(uintptr(fds[0]), "line"), os.NewFile(uintptr(fds[1]), "line"), nil
}

// run starts the process.
func run(line *os.File, listeners []serve.NamedListener) (*os.Process, error) {
	path, err := exec.LookPath(os.Args[0])
	if err != nil {
		if path, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	// Not os/exec, nor the files of listeners: these would make the descriptors block, which
	// both processes share.
	files := []uintptr{0, 1, 2}
	var names []string
	add := func(c syscall.Conn) error {
		fd, err := duplicate(c)
		if err == nil {
			files = append(files, uintptr(fd))
		}
		return err
	}
	defer func() {
		for _, fd := range files[3:] {
			_ = unix.Close(int(fd))
		}
	}()
	if err := add(line); err != nil {
		return nil, err
	}
	for _, l := range listeners {
		c, ok := l.Listener.(syscall.Conn)
		if !ok {
			return nil, fmt.Errorf("%s: %w", l.Name, ErrPlatform)
		}
		if err := add(c); err != nil {
			return nil, fmt.Errorf("%s: %w", l.Name, err)
		}
		names = append(names, l.Name)
	}
	value, err := json.Marshal(names)
	if err != nil {
		return nil, err
	}
	pid, _, err := syscall.StartProcess(path, os.Args, &syscall.ProcAttr{
		Env: append(environment(), variable+"="+string(value)), Files: files, Sys: parent(),
	})
	if err != nil {
		return nil, &os.PathError{Op: "run", Path: path, Err: err}
	}
	return os.FindProcess(pid)
}

// environment returns the environment of the new process. What systemd has set for this process's
// number is left out: the watchdog waits for the new one.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		switch name {
		case variable, "WATCHDOG_PID", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES":
			return true
		}
		return false
	})
}

// duplicate returns another descriptor of a listener or a file.
func duplicate(c syscall.Conn) (fd int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return -1, err
	}
	failed := raw.Control(func(old uintptr) {
		fd, err = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0)
	})
	if failed != nil {
		return -1, failed
	}
	return fd, os.NewSyscallError("dup", err)
}
