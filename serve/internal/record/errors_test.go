package record

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestErrors: the first errors are passed on, then their number, and after a while errors again.
func TestErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex // errors come from several goroutines
		var all []string
		c := Errors{Log: func(err error) {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, err.Error())
		}}
		told := func() []string {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(all)
		}
		for range errorsShown + 1234 {
			c.Add(errors.New("x"))
		}
		if n := len(told()); n != errorsShown {
			t.Errorf("%d told", n)
		}
		time.Sleep(errorWindow + time.Second)
		synctest.Wait()
		c.Add(errors.New("y"))
		time.Sleep(errorWindow + time.Second)
		synctest.Wait()
		if want := []string{"further errors within 10s: 1234", "y"}; !slices.Equal(told()[errorsShown:],
			want) {
			t.Errorf("then %q", told()[errorsShown:])
		}
	})
}
