package serve

import (
	"errors"
	"slices"
	"testing"
)

// shortWriter has room for some bytes.
type shortWriter struct {
	text []byte
	room int
}

var errFull = errors.New("full")

func (w *shortWriter) Write(b []byte) (int, error) {
	n := min(len(b), w.room)
	w.text, w.room = append(w.text, b[:n]...), w.room-n
	if n < len(b) {
		return n, errFull
	}
	return n, nil
}

// TestLineWriter: while a log can't be written, that is said once, and later how many lines are
// lost. A line that was cut off has an end.
func TestLineWriter(t *testing.T) {
	w := &shortWriter{room: 5}
	var said []string
	o := lineWriter{w: w, notice: func(message string) { said = append(said, message) }}
	o.write([]byte("one\ntwo\nthree\n"))
	o.write([]byte("four\n"))
	w.room = 100
	o.write([]byte("five\n"))
	o.write([]byte("six\n"))
	if got := string(w.text); got != "one\nt\nfive\nsix\n" {
		t.Errorf("%q", got)
	}
	if want := []string{"the access log can't be written: full",
		"the access log is written again; 3 lines lost"}; !slices.Equal(said, want) {
		t.Errorf("%q", said)
	}
}
