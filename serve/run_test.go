package serve_test

import (
	"runtime"
	"testing"

	"github.com/tarpack/tpk/serve"
)

// TestRunKeepsProcessors: a program that embeds a Server keeps its GOMAXPROCS, however many
// connections are answered.
func TestRunKeepsProcessors(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: packedSite(t)}}})
	if status, body := fetch(t, plainClient, r.url("/file")); status != 200 || body != site()["file"] {
		t.Errorf("%d, %d bytes", status, len(body))
	}
	if now := runtime.GOMAXPROCS(0); now != before {
		t.Errorf("GOMAXPROCS was %d and is %d", before, now)
	}
}
