//go:build unix

package osfile

import "golang.org/x/sys/unix"

// Space returns the size of the file system of a directory, and how much of it this user can still
// write, in bytes. It returns false if that is not known.
func Space(dir string) (size, free int64, ok bool) {
	var st unix.Statfs_t
	if unix.Statfs(dir, &st) != nil || st.Blocks == 0 {
		return 0, 0, false
	}
	block := int64(st.Bsize)
	return int64(st.Blocks) * block, int64(st.Bavail) * block, true
}
