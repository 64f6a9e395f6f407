package goroutines

import (
	"sync"
	"testing"
)

// TestCount counts while other goroutines begin and end: the result never goes astray.
func TestCount(t *testing.T) {
	before := Count()
	stop := make(chan struct{})
	var busy, held sync.WaitGroup
	busy.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			var short sync.WaitGroup
			for range 50 {
				short.Go(func() {})
			}
			short.Wait()
		}
	})
	for range 100 {
		held.Go(func() { <-stop })
	}
	for range 200 {
		// The last of the short ones have left the group and may not have ended.
		if n := Count(); n < before+101 || n > before+101+100 {
			t.Errorf("%d goroutines, and %d before", n, before)
		}
	}
	close(stop)
	held.Wait()
	busy.Wait()
}
