package serve_test

import (
	"context"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack/remote/blocks"
)

// TestClientsGone: many clients ask for pages that wait for the server of an archive, and go away.
// The work for them ends, though that server never answers, and is no error. Then the same pages
// are right.
func TestClientsGone(t *testing.T) {
	old, now := files{"a-first": noise(300_000)}, files{}
	for i, name := range []string{"tcp", "unix", "h2c", "tls", "h2", "handler"} {
		old[name+"/README.md"], old[name+"/z"] = "*best* "+name, noise(200_000+i)
		old[name+"/b.bin"] = noise(300_000+i) + "old"
		now[name+"/b.bin"] = noise(300_000+i) + "new"
	}
	s := newStorage(t)
	s.put(t, old)
	far := s.open("/a.tar.gz", blocks.New(blocks.Options{Dir: t.TempDir(), ReadAhead: -1}))
	far.Mount = "/old"
	o := listed(far, serve.Archive{Mount: "/new",
		Path: now.pack(t, filepath.Join(t.TempDir(), "now.tar.gz"))})
	access := &lines{}
	o.AccessLog = access
	for _, c := range clients(t, o) {
		t.Run(c.name, func(t *testing.T) {
			for _, ask := range [][2]string{ // the first block of b.bin has the README
				{"/old/" + c.name + "/?list=readme", "<em>best</em>"},
				{"/new/" + c.name + "/?list=compare&with=/old/" + c.name + "&file=b.bin", "not text"},
			} {
				page, want := ask[0], ask[1]
				gate := make(chan struct{})
				s.slow.Store(&gate)
				ctx, leave := context.WithCancel(t.Context())
				left, waiting := s.left.Load(), s.waiting.Load()
				const n = 20
				var all sync.WaitGroup
				for range n {
					all.Go(func() {
						req, err := http.NewRequestWithContext(ctx, "GET", c.base+page, nil)
						if err != nil {
							t.Error(err)
							return
						}
						resp, err := c.http.Transport.RoundTrip(req)
						if err == nil {
							_, _ = io.Copy(io.Discard, resp.Body)
							_ = resp.Body.Close()
							t.Error(page, resp.Status)
						}
					})
				}
				eventually(t, "it waits for the server of the archive",
					func() bool { return s.waiting.Load() > waiting })
				leave()
				all.Wait()
				eventually(t, "the work ends", func() bool { return s.left.Load() > left })
				s.slow.Store(nil)
				close(gate)
				if resp, body := c.do(t, "GET", page); resp.StatusCode != 200 ||
					!strings.Contains(body, want) {
					t.Errorf("%s: %d, without %q", page, resp.StatusCode, want)
				}
			}
		})
	} // A request that had not begun when its client left is never logged.
	eventually(t, "the log has them",
		func() bool { return strings.Contains(access.String(), `" 499 `) })
	if strings.Contains(access.String(), `" 50`) {
		t.Error("errors of the server:", access)
	}
}
