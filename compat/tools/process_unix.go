//go:build unix

package tools

import (
	"os"
	"os/exec"
	"syscall"
)

// As makes cmd run with a user id, the same group id and no further groups.
func As(cmd *exec.Cmd, id uint32) *exec.Cmd {
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id, Gid: id}}
	cmd.Env = append(os.Environ(), "HOME=/nonexistent")
	return cmd
}

// peakMemory returns the peak memory of a process that has ended, in KiB.
func peakMemory(p *os.ProcessState) (int64, bool) {
	ru, ok := p.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, false
	}
	return int64(ru.Maxrss), true
}
