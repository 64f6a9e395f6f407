package terminal

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"
	"testing"

	"github.com/tarpack/tpk/cmd/tpk/report"
)

func TestInputEndsWhenStopped(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close() // until then, a read of r waits
	ctx, cancel := context.WithCancelCause(context.Background())
	in := NewInput(ctx, r)
	if _, err := w.WriteString("abc"); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 3)
	if _, err := io.ReadFull(in, b); err != nil || string(b) != "abc" {
		t.Fatalf("%q, %v", b, err)
	}
	cancel(&report.StoppedError{Signal: syscall.SIGINT})
	var stop *report.StoppedError
	if n, err := in.Read(b); n != 0 || !errors.As(err, &stop) {
		t.Errorf("%d, %v", n, err)
	}
}

func TestInputEndsWithThePipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	go func() {
		w.WriteString("abc")
		w.Close()
	}()
	if b, err := io.ReadAll(NewInput(context.Background(), r)); err != nil || string(b) != "abc" {
		t.Errorf("%q, %v", b, err)
	}
}
