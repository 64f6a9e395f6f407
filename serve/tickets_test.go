package serve

import (
	"slices"
	"testing"
	"time"
)

// TestTicketKeys: there is a new key every hour, and those of a day are kept.
func TestTicketKeys(t *testing.T) {
	var keys ticketKeys
	now := time.Now()
	var all [][32]byte
	for i := range 60 {
		got := keys.renew(now)
		if got == nil || len(got) != min(i+1, ticketKeep) || slices.Contains(all, got[0]) {
			t.Fatalf("hour %d: %d keys", i, len(got))
		}
		for k, key := range got[1:] {
			if key != all[len(all)-1-k] {
				t.Errorf("hour %d: key %d is another one", i, k+1)
			}
		}
		all = append(all, got[0])
		if keys.renew(now.Add(ticketRenewal-1)) != nil {
			t.Errorf("hour %d: renewed too early", i)
		}
		now = now.Add(ticketRenewal)
	}
}
