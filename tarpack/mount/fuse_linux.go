package mount

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// capNoOpenDir is the capability of the kernel to do without opening directories. go-fuse does not
// ask for it by itself.
const capNoOpenDir = fuse.CAP_NO_OPENDIR_SUPPORT

// device is where requests of the kernel come from.
const device = "/dev/fuse"

// helper mounts and unmounts for users other than root, and comes with package fuse3.
const helper = "fusermount3"

// serve mounts f on dir and returns its server, which answers requests as soon as its Serve runs.
//
// It mounts by itself: go-fuse would let the messages of fusermount3 go to standard error.
func serve(f *fileSystem, dir string, o *Options) (*fuse.Server, error) {
	fd, err := mountOn(dir, o)
	if err != nil {
		return nil, err
	}
	server, err := fuse.NewServer(f, fmt.Sprintf("/dev/fd/%d", fd), f.mountOptions(o))
	if err != nil {
		return nil, errors.Join(err, unmount(dir, true))
	}
	readAhead(dir)
	return server, nil
}

// mountOn mounts and returns the descriptor of the device.
func mountOn(dir string, o *Options) (fd int, err error) {
	var st unix.Statfs_t // only this asks the process of a mount that is there
	if err := unix.Statfs(dir, &st); errors.Is(err, unix.ENOTCONN) {
		return 0, err
	}
	if _, err := os.Stat(device); errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("%w: there is no %s", ErrNoFuse, device)
	}
	options := []string{"default_permissions", fmt.Sprintf("max_read=%d", maxRead)}
	if o.AllowOther {
		options = append(options, "allow_other")
	}
	if os.Geteuid() != 0 {
		return mountByHelper(dir, o, options)
	}
	fd, err = unix.Open(device, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("%w: %s: %w", ErrNoFuse, device, err)
	}
	options = append(options, fmt.Sprintf("fd=%d", fd), "rootmode=40000",
		fmt.Sprintf("user_id=%d", os.Geteuid()), fmt.Sprintf("group_id=%d", os.Getegid()))
	err = unix.Mount(o.Source, dir, "fuse."+fsName, unix.MS_NOSUID|unix.MS_NODEV|unix.MS_RDONLY,
		strings.Join(options, ","))
	if err != nil {
		unix.Close(fd)
		if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENODEV) {
			return 0, fmt.Errorf("%w: mount: %w", ErrNoFuse, err)
		}
		return 0, fmt.Errorf("mount: %w", err)
	}
	return fd, nil
}

// mountByHelper mounts with fusermount3, which sends the descriptor of the device through a socket.
func mountByHelper(dir string, o *Options, options []string) (fd int, err error) {
	program, err := exec.LookPath(helper)
	if err != nil {
		return 0, fmt.Errorf("%w: there is no %s, which users other than root need (package fuse3)",
			ErrNoFuse, helper)
	}
	if o.AllowOther && !mayAllowOther() {
		return 0, fmt.Errorf("%w: other users may see it only if user_allow_other is in %s",
			ErrNoFuse, fuseConf)
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	ours, theirs := pair[0], os.NewFile(uintptr(pair[1]), "fusermount")
	defer unix.Close(ours)
	options = append(options, "ro", "nosuid", "nodev", "subtype="+fsName,
		"fsname="+strings.NewReplacer(`\`, `\\`, `,`, `\,`).Replace(o.Source))
	cmd := exec.Command(program, "-o", strings.Join(options, ","), "--", dir)
	var said bytes.Buffer
	cmd.Stderr = &said
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.Env = append(cmd.Environ(), "_FUSE_COMMFD=3")
	err = cmd.Run()
	theirs.Close()
	if err != nil {
		return 0, fmt.Errorf("%w: %s", ErrNoFuse, saidBy(&said, err))
	}
	return receive(ours)
}

// fuseConf has what users may do.
const fuseConf = "/etc/fuse.conf"

// mayAllowOther reports whether users may let others see their mounts.
func mayAllowOther() bool {
	b, _ := os.ReadFile(fuseConf)
	for line := range strings.Lines(string(b)) {
		if strings.TrimSpace(line) == "user_allow_other" {
			return true
		}
	}
	return false
}

// saidBy returns what a program has printed, in one line, or why it failed.
func saidBy(b *bytes.Buffer, err error) string {
	lines := strings.FieldsFunc(b.String(), func(r rune) bool { return r == '\n' })
	if len(lines) == 0 {
		return helper + ": " + err.Error()
	}
	return strings.Join(lines, "; ")
}

// receive returns the descriptor that comes through a socket.
func receive(socket int) (fd int, err error) {
	data, control := make([]byte, 4), make([]byte, 64)
	_, n, _, _, err := unix.Recvmsg(socket, data, control, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", helper, err)
	}
	messages, err := unix.ParseSocketControlMessage(control[:n])
	if err != nil || len(messages) != 1 {
		return 0, fmt.Errorf("%w: %s has sent no descriptor", ErrNoFuse, helper)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return 0, fmt.Errorf("%w: %s has sent no descriptor", ErrNoFuse, helper)
	}
	return fds[0], nil
}

// pollName is a name that go-fuse has in the root, for refusePolls.
const pollName = ".go-fuse-epoll-hack"

// refusePolls makes the kernel ask whether a file can be polled, and never again. Go asks that of
// each file that it opens, in a system call that its scheduler takes for a short one. So a program
// that opens files of its own mount would wait for itself.
func refusePolls(dir string) error {
	fd, err := unix.Open(filepath.Join(dir, pollName), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	_, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0) // it has been asked
	return unix.Close(fd)
}

// readAhead makes the kernel read as much ahead as one request may ask for, if it lets us. Its
// default is 128 KiB.
func readAhead(dir string) {
	m, ok, err := mountOf(dir)
	if err != nil || !ok {
		return
	}
	name := filepath.Join("/sys/class/bdi", m.device, "read_ahead_kb")
	_ = os.WriteFile(name, fmt.Appendf(nil, "%d", maxRead>>10), 0) // it only costs time
}

// Unmount unmounts what this package has mounted on a directory, also if the process has ended. It
// need not be possible to open the directory. The error wraps [ErrNotMounted] or [ErrInUse].
func Unmount(dir string) error {
	path, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	// The directory itself can't be looked at if the process has ended. It is no symbolic link then.
	if resolved, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(resolved, filepath.Base(path))
	}
	_, ok, err := mountOf(path)
	if err == nil && !ok {
		if resolved, linkErr := filepath.EvalSymlinks(path); linkErr == nil {
			path = resolved
			_, ok, err = mountOf(path)
		}
	}
	if err != nil {
		return err
	}
	if !ok {
		if _, err := os.Stat(dir); err != nil {
			return err
		}
		return fmt.Errorf("%s: %w", dir, ErrNotMounted)
	}
	if err := unmount(path, false); err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	return nil
}

// unmount unmounts a directory, with lazily also if it is in use.
func unmount(dir string, lazily bool) error {
	if os.Geteuid() == 0 {
		flags := unix.UMOUNT_NOFOLLOW
		if lazily {
			flags |= unix.MNT_DETACH
		}
		switch err := unix.Unmount(dir, flags); {
		case errors.Is(err, unix.EBUSY):
			return ErrInUse
		case lazily && errors.Is(err, unix.EINVAL): // somebody else was faster
			return nil
		case err != nil:
			return fmt.Errorf("umount: %w", err)
		}
		return nil
	}
	args := []string{"-u"}
	if lazily {
		args = append(args, "-z")
	}
	cmd := exec.Command(helper, append(args, "--", dir)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	cmd.Env = append(cmd.Environ(), "LC_ALL=C")
	err := cmd.Run()
	switch text := said.String(); {
	case err == nil:
		return nil
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("%w: there is no %s, which users other than root need (package fuse3)",
			ErrNoFuse, helper)
	case strings.Contains(strings.ToLower(text), syscall.EBUSY.Error()):
		return ErrInUse
	}
	return errors.New(saidBy(&said, err))
}
