package terminal

import (
	"bytes"
	"context"
	"errors"
	"syscall"
	"testing"

	"github.com/tarpack/tpk/cmd/tpk/report"
)

// failing fails every write after the first.
type failing struct{ writes int }

func (f *failing) Write(p []byte) (int, error) {
	if f.writes++; f.writes > 1 {
		return 1, syscall.ENOSPC
	}
	return len(p), nil
}

func TestOutputKeepsItsError(t *testing.T) {
	w := &failing{}
	out := NewOutput(context.Background(), w)
	for range 3 {
		out.Write([]byte("abc"))
	}
	if !errors.Is(out.Err(), syscall.ENOSPC) || out.Written() != 4 || w.writes != 2 {
		t.Errorf("%v, %d bytes, %d writes", out.Err(), out.Written(), w.writes)
	}
}

func TestOutputEndsWhenStopped(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	var b bytes.Buffer
	out := NewOutput(ctx, &b)
	if n, err := out.Write([]byte("abc")); n != 3 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	cancel(&report.StoppedError{Signal: syscall.SIGTERM})
	var stop *report.StoppedError
	if n, err := out.Write([]byte("def")); n != 0 || !errors.As(err, &stop) || b.String() != "abc" {
		t.Errorf("%d, %v, %q", n, err, &b)
	}
	if CaughtSignal(ctx) != syscall.SIGTERM || CaughtSignal(context.Background()) != 0 {
		t.Errorf("%v", CaughtSignal(ctx))
	}
}
