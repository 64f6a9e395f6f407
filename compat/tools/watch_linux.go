package tools

import (
	"encoding/binary"
	"os"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What a Watch reports.
const (
	WatchRead    = unix.IN_ACCESS   // a file was read
	WatchCreated = unix.IN_CREATE   // a file was created
	WatchMovedTo = unix.IN_MOVED_TO // a file was moved here
)

// A Watch reports what other programs do to a file, or to the files of a directory (inotify(7)).
type Watch struct {
	inotify *os.File
	pending []byte // events that were read and not returned yet
}

// NewWatch starts to watch a path for the events in mask, such as WatchCreated.
func NewWatch(t testing.TB, path string, mask uint32) *Watch {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	w := &Watch{inotify: os.NewFile(uintptr(fd), "inotify")}
	t.Cleanup(w.Stop)
	if _, err := unix.InotifyAddWatch(fd, path, mask); err != nil {
		t.Fatalf("watching %s: %v", path, err)
	}
	return w
}

// Next waits for the next event and returns the name of the file in the watched directory, which is
// empty if the watched path is itself the file. It fails after [Timeout] and once the watch is
// stopped.
func (w *Watch) Next() (name string, err error) {
	if len(w.pending) == 0 {
		if err := w.inotify.SetReadDeadline(time.Now().Add(Timeout)); err != nil {
			return "", err
		}
		b := make([]byte, 64<<10)
		n, err := w.inotify.Read(b)
		if err != nil {
			return "", err
		}
		w.pending = b[:n]
	}
	const header = int(unsafe.Sizeof(unix.InotifyEvent{}))
	end := header + int(binary.NativeEndian.Uint32(w.pending[header-4:]))
	name = strings.TrimRight(string(w.pending[header:end]), "\x00")
	w.pending = w.pending[end:]
	return name, nil
}

// Stop ends the watch. A call of Next that waits returns an error.
func (w *Watch) Stop() { w.inotify.Close() }
