package device

import (
	"bytes"
	"testing"

	"github.com/tarpack/tpk/tarpack/format"
)

// A locator that is accepted has one spelling, and its offsets fit the device.
func FuzzLocator(f *testing.F) {
	f.Add(Locator{100, 200, 300, 4}.encode(), int64(10000))
	f.Fuzz(func(t *testing.T, b []byte, room int64) {
		l, ok := parseLocator(b, room)
		if !ok {
			return
		}
		if !bytes.Equal(l.encode(), b[:locatorSize]) ||
			l.Archive < format.EndSize || l.Index < l.Archive || l.Index+l.Length > room-BlockSize {
			t.Errorf("%x: %+v", b, l)
		}
	})
}
