//go:build linux || darwin

package mount

import (
	"fmt"
	"slices"
	"sync"
)

// log passes lines on, and few of each kind: the kernel asks again for what has failed.
type log struct {
	say  func(string)
	mu   sync.Mutex
	said []string // what the last ones were about
}

// maxSaid is the number of things about which nothing is printed again.
const maxSaid = 100

// failure logs why a request has failed. name is the file that it was about, or "". A file has one
// line, even if several things are wrong with it.
func (l *log) failure(name string, err error) {
	if name == "" {
		l.once(err.Error(), err.Error())
		return
	}
	l.once(name, name+": "+err.Error())
}

// skipped logs that names in a directory are too long for the system.
func (l *log) skipped(dir string, n int) {
	l.once("/"+dir, fmt.Sprintf("/%s: %d names of more than %d bytes are left out", dir, n, maxName))
}

// once prints a line, unless one about the same was printed lately.
func (l *log) once(about, line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if slices.Contains(l.said, about) {
		return
	}
	l.said = append(l.said, about)
	l.said = l.said[max(0, len(l.said)-maxSaid):]
	l.say(line)
}

// line prints a line, unless the same was printed lately.
func (l *log) line(line string) { l.once(line, line) }
