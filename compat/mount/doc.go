// Package mount tests `tpk mount` with the programs that people use on mounted trees: diff, find,
// rsync, git, Python, make. It needs root and /dev/fuse.
package mount
