package markdown

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/tarpack/tpk/serve/internal/turns"
)

// TestBusy: a document does not wait for long until others are rendered.
func TestBusy(t *testing.T) {
	defer func(old *turns.Turns) { rendering = old }(rendering)
	synctest.Test(t, func(t *testing.T) {
		rendering = turns.New(1)
		done, err := rendering.Take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if b, err := Render([]byte("a"), Options{}); !errors.Is(err, ErrBusy) {
			t.Errorf("%q, %v", b, err)
		}
		done()
		if b, err := Render([]byte("a"), Options{}); err != nil || len(b) == 0 {
			t.Errorf("with a slot: %q, %v", b, err)
		}
	})
}
