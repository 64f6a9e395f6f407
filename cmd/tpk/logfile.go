package main

import (
	"os"
	"sync"

	"github.com/tarpack/tpk/internal/osfile"
)

// logFile is a file for lines of the access log, which logrotate(8) may rename.
type logFile struct {
	name string

	mu sync.Mutex
	f  *os.File
}

// openLog opens a log, to which Write appends.
func openLog(name string) (*logFile, error) {
	f, err := openToAppend(name)
	return &logFile{name: name, f: f}, err
}

// openToAppend does not wait for the reader of a FIFO: without one it fails.
func openToAppend(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND|osfile.Nonblock, 0o644)
}

func (l *logFile) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.f.Write(b)
}

// Reopen goes on with the file that has the name now, and makes one if there is none. After an
// error it goes on with the file it had. A nil logFile does nothing.
func (l *logFile) Reopen() error {
	if l == nil {
		return nil
	}
	f, err := openToAppend(l.name)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	was := l.f
	l.f = f
	return was.Close()
}

// Close ends the log.
func (l *logFile) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.f.Close()
}
