package object_test

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/tarpack/tpk/tarpack/remote/internal/remotetest"
	"github.com/tarpack/tpk/tarpack/remote/object"
)

// Close ends a read of another goroutine, at any point, and gives the place in the limit back once.
func TestCloseWhileReading(t *testing.T) {
	data := content(300_000)
	for name, fault := range map[string]remotetest.Fault{
		"body": nil, "stalled": remotetest.Stall(50_000), "between": remotetest.CutOff(50_000),
	} {
		t.Run(name, func(t *testing.T) {
			s := remotetest.New(t, data)
			x := open(t, s, &object.Options{First: -1, Retries: 1000})
			for i := range 200 {
				s.Do(remotetest.Always(fault))
				r, err := x.Get(t.Context(), 0, 290_000)
				if err != nil {
					t.Fatal(err)
				}
				var reads sync.WaitGroup
				reads.Go(func() {
					_, err := io.Copy(io.Discard, r)
					if err != nil && !errors.Is(err, http.ErrBodyReadAfterClose) {
						t.Error(err)
					}
				})
				if i%2 == 0 {
					_, _ = r.Read(make([]byte, i))
				}
				r.Close()
				reads.Wait()
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		s := &store{limit: object.NewLimit(1)}
		x, err := object.Open(t.Context(), s, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			r, err := x.Get(t.Context(), 0, 100_000)
			if err != nil {
				t.Fatal(err)
			}
			var reads sync.WaitGroup
			reads.Go(func() { _, _ = io.CopyN(io.Discard, r, int64(i)*1000) })
			reads.Go(func() { r.Close() })
			reads.Go(func() { r.Close() })
			reads.Wait()
		}
	})
}
