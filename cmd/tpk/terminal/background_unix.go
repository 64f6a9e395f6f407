//go:build unix

package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// readyVariable is set for a process that StartBackground has started: the number of the
// descriptor to which it writes once it is ready.
const readyVariable = "TPK_READY_FD"

// StartBackground runs the command line of this process in another one, which stays when this one
// ends. It waits until that process is ready, which is code 0, or ends, which is its exit code. If
// ctx ends before, the process is asked to end, too.
func StartBackground(ctx context.Context) (code int, err error) {
	program, err := os.Executable()
	if err != nil {
		return 0, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer r.Close()
	cmd := exec.Command(program)
	cmd.Args = os.Args
	cmd.Env = append(os.Environ(), readyVariable+"=3")
	cmd.ExtraFiles = []*os.File{w}
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	w.Close()
	if err != nil {
		return 0, fmt.Errorf("%s: %w", program, err)
	}
	stop := context.AfterFunc(ctx, func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	})
	defer stop()
	if n, _ := io.ReadFull(r, make([]byte, 1)); n == 1 {
		return 0, nil
	}
	err = cmd.Wait()
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 0, err
	}
	if cmd.ProcessState.ExitCode() == 0 {
		return 0, nil
	}
	return max(1, cmd.ProcessState.ExitCode()), nil
}

// StartedBy returns a function that tells StartBackground that this process is ready, and lets go
// of the terminal. It returns nil if StartBackground has not started this process.
func StartedBy() (ready func() error) {
	if os.Getenv(readyVariable) != "3" {
		return nil
	}
	os.Unsetenv(readyVariable)
	unix.CloseOnExec(3)
	w := os.NewFile(3, "ready")
	return func() error {
		null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		defer null.Close()
		for fd := range 3 {
			if err := dup(int(null.Fd()), fd); err != nil {
				return err
			}
		}
		if _, err := w.Write([]byte{1}); err != nil {
			return fmt.Errorf("the process that has started this one has ended: %w", err)
		}
		return w.Close()
	}
}
