package format

import (
	"fmt"
	"sync"
)

// A Problem is something wrong with an archive or in extracting it, after which the work goes on.
type Problem struct {
	Path   string // of the entry, "" if that is not known or it is none's
	Offset int64  // where the entry begins in the archive, −1 if that is not known
	Err    error
}

// Error is a line: path, offset, what is wrong.
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

// Unwrap returns what is wrong.
func (p *Problem) Unwrap() error { return p.Err }

// MaxProblems is how many problems a result holds; those beyond it are counted only.
const MaxProblems = 1000

// problems gathers problems from several goroutines.
type Problems struct {
	mu    sync.Mutex
	Each  func(*Problem) // told of each, if set
	Count int64
	First []*Problem
}

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
