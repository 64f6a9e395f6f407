package engine

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestComplaints: the first errors are told, then their number, and after a while errors again.
func TestComplaints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		c := complaints{tell: func(err error) { told = append(told, err.Error()) }}
		for range complaintsTold + 1234 {
			c.add(errors.New("x"))
		}
		if len(told) != complaintsTold {
			t.Errorf("%d told", len(told))
		}
		time.Sleep(complaintWindow + time.Second)
		synctest.Wait()
		c.add(errors.New("y"))
		time.Sleep(complaintWindow + time.Second)
		synctest.Wait()
		if want := []string{"1234 more errors within 10s", "y"}; !slices.Equal(told[complaintsTold:], want) {
			t.Errorf("then %q", told[complaintsTold:])
		}
	})
}
