package measure

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Machine describes the machine and the versions, as lines of the benchmark format.
func Machine(commit, work string) [][2]string {
	first := func(file, pattern string) string {
		text, _ := os.ReadFile(file)
		if m := regexp.MustCompile(pattern).FindSubmatch(text); m != nil {
			return strings.TrimSpace(string(m[1]))
		}
		return "unknown"
	}
	var kernel unix.Utsname
	release := "unknown"
	if unix.Uname(&kernel) == nil {
		release = unix.ByteSliceToString(kernel.Sysname[:]) + " " +
			unix.ByteSliceToString(kernel.Release[:])
	}
	var memory int64
	_, _ = fmt.Sscan(first("/proc/meminfo", `MemTotal:\s+(\d+)`), &memory)
	return [][2]string{
		{"goos", runtime.GOOS},
		{"goarch", runtime.GOARCH},
		{"go", runtime.Version()},
		{"cpu", first("/proc/cpuinfo", `model name\s*:\s*(.*)`)},
		{"cores", fmt.Sprint(runtime.NumCPU())},
		{"memory", fmt.Sprintf("%d GB", memory*1024/1e9)},
		{"kernel", release},
		{"filesystem", fileSystem(work)},
		{"commit", commit},
		{"date", time.Now().UTC().Format("2006-01-02")},
	}
}

// fileSystem returns the type of the file system of dir.
func fileSystem(dir string) string {
	var st unix.Statfs_t
	if unix.Statfs(dir, &st) != nil {
		return "unknown"
	}
	switch st.Type {
	case unix.EXT4_SUPER_MAGIC:
		return "ext4"
	case unix.XFS_SUPER_MAGIC:
		return "xfs"
	case unix.BTRFS_SUPER_MAGIC:
		return "btrfs"
	case unix.TMPFS_MAGIC:
		return "tmpfs"
	case unix.OVERLAYFS_SUPER_MAGIC:
		return "overlayfs"
	}
	return fmt.Sprintf("%#x", st.Type)
}
