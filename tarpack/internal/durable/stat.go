package durable

// Stat is what the system knows of a file and fs.FileInfo does not have.
type Stat struct {
	OnDisk          bool // otherwise nothing is known
	Dev, Ino, Nlink uint64
	UID, GID        int
	Major, Minor    uint32 // of a device
}
