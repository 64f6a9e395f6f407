package handover

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// parent makes the new process a child of this one's parent if that is a service manager. systemd
// does not wait for a main process that is no child of its own: "systemctl stop" would kill it at
// once, with its transfers. See unit_kill_context in systemd.
func parent() *syscall.SysProcAttr {
	if os.Getenv("NOTIFY_SOCKET") == "" || os.Getpid() == 1 {
		return nil
	}
	return &syscall.SysProcAttr{Cloneflags: unix.CLONE_PARENT}
}
