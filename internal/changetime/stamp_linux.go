package changetime

import (
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Stat returns the Stamp of an open file. It is one system call and allocates nothing.
func Stat(f *os.File) (Stamp, error) {
	var st unix.Stat_t
	for {
		switch err := unix.Fstat(int(f.Fd()), &st); err {
		case nil:
			return Stamp{Dev: st.Dev, Ino: st.Ino, Size: st.Size, Modified: st.Mtim.Nano(),
				Changed: st.Ctim.Nano(), Removed: st.Nlink == 0,
				Links: uint64(st.Nlink)}, nil
		case unix.EINTR:
		default:
			return Stamp{}, os.NewSyscallError("fstat", err)
		}
	}
}

// identify fills in what only the system's own description of a file has.
func (s *Stamp) identify(fi fs.FileInfo) {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		s.Dev, s.Ino, s.Removed = st.Dev, st.Ino, st.Nlink == 0
		s.Links = uint64(st.Nlink)
	}
}

// remote are the file systems on which programs of other machines, or of a server, may write. Their
// leases say nothing of these. NFS 4 and SMB even refuse a lease as if a program wrote, if only the
// server has not granted one. See statfs(2) for the numbers.
var remote = map[int64]bool{
	unix.NFS_SUPER_MAGIC: true, unix.SMB_SUPER_MAGIC: true, unix.SMB2_SUPER_MAGIC: true,
	unix.CIFS_SUPER_MAGIC: true, unix.FUSE_SUPER_MAGIC: true, unix.V9FS_MAGIC: true,
	unix.CEPH_SUPER_MAGIC: true, unix.AFS_SUPER_MAGIC: true, unix.CODA_SUPER_MAGIC: true,
	0x0bd00bd0: true /* Lustre */, 0x01161970: true /* GFS2 */, unix.OCFS2_SUPER_MAGIC: true,
	0x47504653: true /* GPFS */, 0x19830326: true /* BeeGFS */, 0x786f4256: true, /* VirtualBox */
}

// Written reports whether a program has a file open for writing. known is false if that can't be
// found out: the file is neither this user's nor has the process CAP_LEASE, or the file system has
// no leases or is shared with other machines. f must be open for reading only.
//
// The system grants a lease for reading only if nothing has the file open for writing (fcntl(2)).
// It is given back at once, since a program that opens the file for writing waits for that.
func Written(f *os.File) (written, known bool) {
	var fs unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &fs); err != nil || remote[int64(fs.Type)] {
		return false, false
	}
	_, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_RDLCK)
	if err == nil {
		_, err = unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_UNLCK)
		return false, err == nil
	}
	return err == unix.EAGAIN, err == unix.EAGAIN
}
