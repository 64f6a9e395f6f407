//go:build linux || darwin

package mount

import (
	"fmt"
	"slices"
	"sync"
)

// log passes lines on, each once in a while: the kernel asks again for what has failed.
type log struct {
	print func(string)
	mu    sync.Mutex
	said  []string // the last ones
}

// maxSaid is the number of lines that are not repeated.
const maxSaid = 100

// failure logs why a request has failed. name is what it was about, or "".
func (l *log) failure(name string, err error) {
	line := err.Error()
	if name != "" {
		line = name + ": " + line
	}
	l.once(line)
}

// skipped logs that names in a directory are too long for the system.
func (l *log) skipped(dir string, n int) {
	l.once(fmt.Sprintf("%s: %d names of more than %d bytes are left out", "/"+dir, n, maxName))
}

// once prints a line that was not printed lately.
func (l *log) once(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if slices.Contains(l.said, line) {
		return
	}
	l.said = append(l.said, line)
	l.said = l.said[max(0, len(l.said)-maxSaid):]
	l.print(line)
}
