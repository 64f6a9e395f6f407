//go:build unix && !linux

package handover

import "syscall"

// parent leaves the new process a child of this one: only Linux has systemd.
func parent() *syscall.SysProcAttr { return nil }
