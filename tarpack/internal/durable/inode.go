package durable

import (
	"io/fs"
)

// inodeOf names a file whatever it is called.
func InodeOf(fi fs.FileInfo) Inode {
	st := StatOf(fi)
	return Inode{st.Dev, st.Ino}
}

// An inode names a file whatever its path. The zero inode is no file's.
type Inode struct{ Dev, Ino uint64 }
