package durable

import (
	"io/fs"
)

// InodeOf returns the identity of a file on disk. On systems without link counts it is the zero
// Inode: see osfile.Identify.
func InodeOf(fi fs.FileInfo) Inode {
	st := StatOf(fi)
	return Inode{Dev: st.Dev, Ino: st.Ino}
}

// Inode identifies a file, whatever its name. The zero value identifies none.
type Inode struct {
	Dev, Ino uint64
	Shard    int // in an edit of a set: a file is stored once in each shard that has a name of it
}
