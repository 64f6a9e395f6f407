package engine

import (
	"fmt"
	"sync"
	"time"
)

// In each complaintWindow that many errors are told, one by one; of the others only how many there were. An archive that was cut short makes every
// request an error, and whoever reads the log wants to find the first of them.
const (
	complaintWindow = 10 * time.Second
	complaintsTold  = 10
)

// complaints passes errors on.
type complaints struct {
	tell func(error)

	mu     sync.Mutex
	told   int // in this window; it begins with an error
	untold int
}

func (c *complaints) add(err error) {
	c.mu.Lock()
	if c.told == 0 {
		time.AfterFunc(complaintWindow, c.endWindow)
	}
	tell := c.told < complaintsTold
	if tell {
		c.told++
	} else {
		c.untold++
	}
	c.mu.Unlock()
	if tell {
		c.tell(err)
	}
}

func (c *complaints) endWindow() {
	c.mu.Lock()
	n := c.untold
	c.told, c.untold = 0, 0
	c.mu.Unlock()
	if n > 0 {
		c.tell(fmt.Errorf("%d more errors within %v", n, complaintWindow))
	}
}
