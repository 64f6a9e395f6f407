package turns

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestTake: no more tasks run than there are turns, and waiting ends with the context.
func TestTake(t *testing.T) {
	if Half().free < 1 || All().free < Half().free {
		t.Errorf("%d and %d turns", Half().free, All().free)
	}
	synctest.Test(t, func(t *testing.T) {
		turns, late := New(2), errors.New("too late")
		var done func()
		for range 2 {
			var err error
			if done, err = turns.Take(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := turns.TakeWithin(t.Context(), time.Second, late); !errors.Is(err, late) {
			t.Errorf("a third task: %v", err)
		}
		time.AfterFunc(time.Hour, done)
		third, err := turns.Take(t.Context())
		if err != nil {
			t.Errorf("after another: %v", err)
		}
		done() // once more, which does nothing
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(late)
		third()
		if _, err := turns.Take(ctx); !errors.Is(err, late) || turns.free != 1 {
			t.Errorf("its context had ended: %v, %d turns", err, turns.free)
		}
	})
}

// task is a task that has its turn.
type task struct {
	client uint64
	done   func()
}

// ask lets a task of a client wait for a turn, after which it is in running.
func ask(ctx context.Context, t *Turns, client uint64, running chan task) {
	go func() {
		if done, err := t.Take(For(ctx, client)); err == nil {
			running <- task{client, done}
		}
	}()
	synctest.Wait()
}

// order ends the tasks that run in the order in which they have got their turns, and returns their
// clients.
func order(running chan task) (clients []uint64) {
	for synctest.Wait(); len(running) > 0; synctest.Wait() {
		next := <-running
		clients = append(clients, next.client)
		next.done()
	}
	return clients
}

// TestFair: a client with many tasks that wait does not keep another one waiting, and no memory is
// left of either.
func TestFair(t *testing.T) {
	for _, c := range []struct {
		turns          int
		clients, order []uint64
		leaving        uint64 // the client whose tasks wait no more
	}{
		{turns: 2, clients: []uint64{1, 1, 1, 1, 1, 4, 2, 2, 2, 3},
			order: []uint64{1, 1, 2, 3, 1, 2, 1, 2, 1}, leaving: 4},
		{turns: 1, clients: []uint64{1, 1, 1, 2, 2, 2, 3, 3, 3},
			order: []uint64{1, 2, 3, 1, 2, 3, 1, 2, 3}},
		{turns: 3, clients: []uint64{1, 1, 2, 1, 2, 3}, order: []uint64{1, 1, 2, 3, 1, 2}},
	} {
		synctest.Test(t, func(t *testing.T) {
			turns, running := New(c.turns), make(chan task, 20)
			leaving, leave := context.WithCancel(t.Context())
			for _, client := range c.clients {
				ctx := t.Context()
				if client == c.leaving {
					ctx = leaving
				}
				ask(ctx, turns, client, running)
			}
			leave()
			if got := order(running); !slices.Equal(got, c.order) {
				t.Errorf("%d turns for %d: %d, want %d", c.turns, c.clients, got, c.order)
			}
			if turns.free != c.turns || len(turns.clients)+len(turns.waiting) != 0 {
				t.Errorf("%d are free, %d are known, %d wait", turns.free, len(turns.clients),
					len(turns.waiting))
			}
		})
	}
}

// TestLeave: a task that leaves when it has just got its turn gives it to the next one.
func TestLeave(t *testing.T) {
	for range 200 {
		turns := New(1)
		done, err := turns.Take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, leave := context.WithCancel(t.Context())
		left := make(chan struct{})
		go func() {
			defer close(left)
			if done, err := turns.Take(ctx); err == nil {
				done()
			}
		}()
		go leave()
		done()
		<-left
		if done, err = turns.Take(t.Context()); err != nil {
			t.Fatal(err)
		}
		done()
	}
}
