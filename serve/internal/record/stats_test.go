package record

import (
	"testing"
	"time"
)

// TestStats: what is counted is returned.
func TestStats(t *testing.T) {
	var s Stats
	s.Answered(200, 0, 5)
	s.Answered(200, 2, 7)
	s.Answered(404, 2, 0)
	s.Answered(-1, 0, 0) // no status that there is
	s.Answered(1000, 0, 0)
	statuses := map[int]uint64{}
	s.Responses(func(status int, n uint64) { statuses[status] = n })
	if len(statuses) != 2 || statuses[200] != 2 || statuses[404] != 1 || s.Bytes() != 12 {
		t.Errorf("%v, %d bytes", statuses, s.Bytes())
	}
	for coding, want := range [MaxCodings][2]uint64{0: {3, 5}, 2: {2, 7}} {
		if answers, bytes := s.Coded(coding); answers != want[0] || bytes != want[1] {
			t.Errorf("coding %d: %d answers, %d bytes", coding, answers, bytes)
		}
	}

	s.Opened()
	s.Opened()
	s.Closed()
	s.RefusedOne()
	if open, total := s.Connections(); open != 1 || total != 2 || s.Refused() != 1 {
		t.Errorf("%d open of %d, %d refused", open, total, s.Refused())
	}

	s.Took(Buckets[0])
	s.Took(Buckets[0] + 1)
	s.Took(time.Hour)
	n, sum := s.Durations()
	if n[0] != 1 || n[1] != 1 || n[len(n)-1] != 1 || sum != time.Hour+2*Buckets[0]+1 {
		t.Errorf("%v, %v", n, sum)
	}
}
