package basicauth

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tarpack/tpk/internal/regular"
	"github.com/tarpack/tpk/serve/internal/turns"
)

// maxFile is how many bytes a file may have.
const maxFile = 4 << 20

// File is a file of users. It is safe for concurrent use.
type File struct {
	name   string
	notice func(string)

	users   atomic.Pointer[users]
	checked atomic.Int64 // when its stamp was looked at, in seconds since 1970
	mu      sync.Mutex   // held while it is read
	stamp   stamp

	known   *known
	turns   *turns.Turns
	waiting atomic.Int64
}

// stamp is what changes with the content of the file.
type stamp struct {
	size int64
	time time.Time
}

// Open reads a file. notice gets messages about later changes of it.
func Open(name string, notice func(string)) (*File, error) {
	f := &File{name: name, notice: notice, known: newKnown(), turns: turns.Half()}
	if err := f.Reload(); err != nil {
		return nil, err
	}
	return f, nil
}

// Reload reads the file again. After an error, the users stay who they were.
func (f *File) Reload() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.read()
}

// read is Reload with the lock held.
func (f *File) read() error {
	file, err := regular.Open(f.name)
	if err != nil {
		return err
	}
	defer file.Close()
	fi, err := file.Stat()
	if err != nil {
		return err
	}
	f.stamp = stamp{fi.Size(), fi.ModTime()}
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = errors.New("it is too long")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	us, err := parse(text)
	if err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	f.users.Store(us)
	return nil
}

// follow reads the file again in the background if it has changed. It looks once in a second.
func (f *File) follow(now int64) {
	before := f.checked.Load()
	if before == now || !f.checked.CompareAndSwap(before, now) {
		return
	}
	go func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		fi, err := os.Stat(f.name)
		if err == nil && (stamp{fi.Size(), fi.ModTime()}) == f.stamp {
			return
		}
		if err == nil {
			err = f.read()
		}
		if err != nil && f.stamp != (stamp{}) {
			f.notice(err.Error() + ": the users stay who they were")
		}
		if fi == nil {
			f.stamp = stamp{} // it is reported once
		}
	}()
}
