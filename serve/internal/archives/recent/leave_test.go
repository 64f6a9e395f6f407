package recent

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// errGone is why requests leave.
var errGone = errors.New("gone")

// asking is a request for a result of a Cache[int, int].
type asking struct {
	leave context.CancelCauseFunc
	made  int
	err   error
	done  chan struct{}
}

// ask asks for a result, in a goroutine.
func ask(t *testing.T, c *Cache[int, int], key int,
	work func(context.Context) (int, error)) *asking {
	ctx, leave := context.WithCancelCause(t.Context())
	a := &asking{leave: leave, done: make(chan struct{})}
	go func() {
		defer close(a.done)
		defer func() {
			if p := recover(); p != nil {
				a.err = errors.New("panic")
			}
		}()
		a.made, a.err = c.Get(key, func() context.Context { return ctx }, work)
	}()
	synctest.Wait()
	return a
}

func (a *asking) ended() bool {
	synctest.Wait()
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

// TestLeave: the work for a result goes on as long as one request waits for it, whichever
// came first, and ends with the last. What was given up is neither remembered nor an error of the
// next request.
func TestLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &Cache[int, int]{Most: 2}
		works, ended := 0, 0
		work := func(ctx context.Context) (int, error) {
			works++
			select {
			case <-ctx.Done():
				ended++
				return 0, context.Cause(ctx)
			case <-time.After(time.Minute):
				return 7, nil
			}
		}
		first, second := ask(t, c, 1, work), ask(t, c, 1, work)
		third := ask(t, c, 1, work)
		if first.leave(errGone); works != 1 || ended != 0 {
			t.Errorf("%d works, %d ended", works, ended)
		}
		if second.leave(errGone); !second.ended() || !errors.Is(second.err, errGone) {
			t.Error("a request that has left still waits: ", second.err)
		}
		<-third.done
		if third.made != 7 || third.err != nil || works != 1 {
			t.Errorf("%+v, %d works", third, works)
		}
		if a := ask(t, c, 1, work); !a.ended() || a.made != 7 || works != 1 {
			t.Errorf("not remembered: %+v", a)
		}

		first, second = ask(t, c, 2, work), ask(t, c, 2, work)
		second.leave(errGone)
		first.leave(errGone)
		if !first.ended() || !second.ended() || ended != 1 || !errors.Is(first.err, errGone) {
			t.Errorf("all have left: %+v %+v, %d ended", first, second, ended)
		}
		if len(c.making) != 0 || len(c.all) != 1 {
			t.Errorf("%d are made, %d remembered", len(c.making), len(c.all))
		}
		next := ask(t, c, 2, work)
		<-next.done
		if next.made != 7 || next.err != nil || works != 3 {
			t.Errorf("the next request: %+v, %d works", next, works)
		}
	})
}

// TestLate: a request that comes while what was given up has not ended yet begins its own.
func TestLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &Cache[int, int]{Most: 2}
		slow := func(context.Context) (int, error) { // does not heed its context
			time.Sleep(time.Minute)
			return 0, errors.New("given up")
		}
		first := ask(t, c, 1, slow)
		first.leave(errGone)
		synctest.Wait()
		second := ask(t, c, 1, func(context.Context) (int, error) { return 8, nil })
		if !second.ended() || second.made != 8 || second.err != nil {
			t.Errorf("%+v", second)
		}
		<-first.done
		if made, ok := c.look(1); !ok || made != 8 || !errors.Is(first.err, errGone) {
			t.Errorf("%d %v %+v", made, ok, first)
		}
	})
}

// TestMany: many keys at once are made once each, though fewer are remembered, and neither an
// error nor a panic is.
func TestMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &Cache[int, int]{Most: 3}
		var mu sync.Mutex
		works := map[int]int{}
		var all []*asking
		for i := range 100 {
			all = append(all, ask(t, c, i%20, func(context.Context) (int, error) {
				mu.Lock()
				works[i%20]++
				mu.Unlock()
				time.Sleep(time.Minute)
				return i % 20, nil
			}))
		}
		for i, a := range all {
			if <-a.done; a.made != i%20 || a.err != nil {
				t.Errorf("%d: %+v", i, a)
			}
		}
		for key, n := range works {
			if n != 1 {
				t.Errorf("%d was made %d times", key, n)
			}
		}
		if len(c.all) != 3 || len(c.making) != 0 {
			t.Errorf("%d are remembered, %d are made", len(c.all), len(c.making))
		}
		for what, work := range map[string]func(context.Context) (int, error){
			"error": func(context.Context) (int, error) { return 0, errors.New("no") },
			"panic": func(context.Context) (int, error) { panic("no") },
		} {
			first := ask(t, c, 99, work)
			second := ask(t, c, 99, func(context.Context) (int, error) { return 0, errUnmade })
			if !first.ended() || first.err == nil || !second.ended() ||
				!errors.Is(second.err, errUnmade) || len(c.making) != 0 {
				t.Errorf("%s: %v, %v", what, first.err, second.err)
			}
		}
	})
}
