package background

import "testing"

func TestWorkers(t *testing.T) {
	if Workers() < 1 {
		t.Error(Workers())
	}
}
