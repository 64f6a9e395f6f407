package format

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Problem is an error of one entry, or of one place in an archive, after which the work goes on.
type Problem struct { //nolint:errname // a problem is data of a result more often than an error
	Path   string // of the entry; "" if unknown, or if the problem is not about one entry
	Offset int64  // of the entry in the archive, in bytes; -1 if unknown
	Err    error
}

// Error returns one line: path, offset and error, without those that are unknown.
func (p *Problem) Error() string {
	s := p.Err.Error()
	if p.Offset >= 0 {
		s = fmt.Sprintf("offset %d: %s", p.Offset, s)
	}
	if p.Path != "" {
		s = Printable(p.Path) + ": " + s
	}
	return s
}

// Unwrap returns p.Err.
func (p *Problem) Unwrap() error { return p.Err }

// MaxProblems is the number of problems that a result lists. Further ones are only counted.
const MaxProblems = 1000

// Problems collects problems from several goroutines. The zero value is usable.
type Problems struct {
	mu    sync.Mutex
	Each  func(*Problem) // called with each problem, one at a time; may be nil
	Count int64          // of all problems
	First []*Problem     // the first MaxProblems
}

// Add adds a problem and calls Each.
func (ps *Problems) Add(p *Problem) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.Count++
	if len(ps.First) < MaxProblems {
		ps.First = append(ps.First, p)
	}
	if ps.Each != nil {
		ps.Each(p)
	}
}

// Printable returns name in a form that fits one line of an error. It is quoted as in Go if it has
// control characters or is not UTF-8, otherwise unchanged.
func Printable(name string) string {
	unprintable := func(r rune) bool { return !unicode.IsPrint(r) }
	if utf8.ValidString(name) && strings.IndexFunc(name, unprintable) < 0 {
		return name
	}
	return strconv.Quote(name)
}
