package engine

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestComplaints: the first errors are told, then their number, and after a while errors again.
func TestComplaints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex // errors come from several goroutines
		var all []string
		c := complaints{tell: func(err error) {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, err.Error())
		}}
		told := func() []string {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(all)
		}
		for range complaintsTold + 1234 {
			c.add(errors.New("x"))
		}
		if n := len(told()); n != complaintsTold {
			t.Errorf("%d told", n)
		}
		time.Sleep(complaintWindow + time.Second)
		synctest.Wait()
		c.add(errors.New("y"))
		time.Sleep(complaintWindow + time.Second)
		synctest.Wait()
		if want := []string{"1234 more errors within 10s", "y"}; !slices.Equal(told()[complaintsTold:], want) {
			t.Errorf("then %q", told()[complaintsTold:])
		}
	})
}
