package record

import (
	"fmt"
	"sync"
	"time"
)

// An archive that was cut short makes every request an error, and the first of them is what an
// operator looks for. So only errorsShown errors in each errorWindow are passed on; the others are
// counted.
const (
	errorWindow = 10 * time.Second
	errorsShown = 10
)

// Errors passes errors on to a log, but not too many.
type Errors struct {
	// Log gets each error that is passed on. It may be called by several goroutines at a time.
	Log func(error)

	mu      sync.Mutex
	shown   int // in this window, which begins with an error
	counted int // and not shown
}

// Add passes err on, or counts it.
func (e *Errors) Add(err error) {
	e.mu.Lock()
	if e.shown == 0 {
		time.AfterFunc(errorWindow, e.endWindow)
	}
	show := e.shown < errorsShown
	if show {
		e.shown++
	} else {
		e.counted++
	}
	e.mu.Unlock()
	if show {
		e.Log(err)
	}
}

func (e *Errors) endWindow() {
	e.mu.Lock()
	n := e.counted
	e.shown, e.counted = 0, 0
	e.mu.Unlock()
	if n > 0 {
		e.Log(fmt.Errorf("further errors within %v: %d", errorWindow, n))
	}
}
