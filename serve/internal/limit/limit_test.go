package limit

import (
	"net/netip"
	"testing"
	"time"
)

func TestKey(t *testing.T) {
	key := func(a string) uint64 { return Key(netip.MustParseAddr(a)) }
	if key("192.0.2.1") == key("192.0.2.2") || key("2001:db8::1") != key("2001:db8::ffff:1") ||
		key("2001:db8::1") == key("2001:db8:0:1::1") || Key(netip.Addr{}) != 0 ||
		key("::1") == 0 || key("0.0.0.0") < 1<<32 {
		t.Error("keys")
	}
}

func TestRate(t *testing.T) {
	r := NewRate(2, 3)
	now := r.started.Add(time.Hour)
	for i, c := range []struct {
		client uint64
		after  time.Duration
		wait   int
	}{
		{7, 0, 0}, {7, 0, 0}, {7, 0, 0}, {7, 0, 1}, {8, 0, 0}, {7, 500 * time.Millisecond, 0},
		{7, 0, 1}, {7, time.Hour, 0}, {7, 0, 0}, {7, 0, 0}, {7, 0, 1},
	} {
		now = now.Add(c.after)
		if wait := r.Take(c.client, now); wait != c.wait {
			t.Errorf("%d: wait %d", i, wait)
		}
	}
	for client := range uint64(1 << 18) { // a flood
		r.Take(client+100, now)
	}
	if n := testing.AllocsPerRun(100, func() { r.Take(7, now) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestSlots(t *testing.T) {
	s := NewSlots(2)
	for i, c := range []struct {
		client uint64
		want   bool
	}{{1, true}, {1, true}, {1, false}, {2, true}} {
		if got := s.Take(c.client); got != c.want {
			t.Errorf("%d: client %d: %t", i, c.client, got)
		}
	}
	s.Give(1)
	if !s.Take(1) {
		t.Error("none was given back")
	}
	s.Give(1)
	s.Give(1)
	s.Give(2)
	if len(s.taken) != 0 {
		t.Error("memory is left")
	}
}

func BenchmarkRate(b *testing.B) {
	r, now := NewRate(1000, 1000), time.Now()
	for b.Loop() {
		r.Take(7, now)
	}
}

// TestShares: clients that want all get shares, and one that wants little gets that.
func TestShares(t *testing.T) {
	for _, c := range []struct {
		each, all int
		want      []int // what greedy clients get, one after the other
	}{
		{32, 64, []int{32, 16, 8, 4, 2, 1, 1, 0}}, {8, 64, []int{8, 8, 8, 8, 8, 8, 8, 4, 2, 1, 1, 0}},
		{1, 1, []int{1, 0}}, {3, 5, []int{3, 2, 0}}, {4, 4, []int{4, 0}}, {9, 4, []int{4, 0}},
		{1 << 30, 1<<31 - 1, nil},
	} {
		s := NewShares(c.each, c.all)
		for i, want := range c.want {
			client, got := uint64(i)+1, 0
			for s.Take(client) == Taken {
				got++
			}
			if got != want {
				t.Errorf("%d of %d, client %d: %d, want %d", c.each, c.all, client, got, want)
			}
		}
	}
}

// TestSharesAnswers: why a client gets none, and that what is given back can be taken.
func TestSharesAnswers(t *testing.T) {
	s := NewShares(2, 3)
	for i, c := range []struct {
		client uint64
		want   Verdict
	}{{1, Taken}, {1, Taken}, {1, ClientFull}, {2, Taken}, {2, AllFull}, {3, AllFull}, {0, AllFull}} {
		if got := s.Take(c.client); got != c.want {
			t.Errorf("%d: client %d: %d", i, c.client, got)
		}
	}
	s.Give(1)
	s.Give(1)
	s.Give(2)
	if len(s.taken) != 0 {
		t.Error("memory is left")
	}
	for i := range 4 {
		if got := s.Take(0); (got == Taken) != (i < 3) {
			t.Errorf("client 0, %d: %d", i, got)
		}
	}
}
