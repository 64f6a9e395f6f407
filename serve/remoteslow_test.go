package serve_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack"
	tarremote "github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/remote/blocks"
)

// While the server of an archive answers nothing, what is in the cache is sent, whatever else waits
// for it: more requests than it is asked at once, --poll, and a reload. The others go on when it
// answers, or get 503 if that takes too long.
func TestRemoteSlow(t *testing.T) {
	for name, timeout := range map[string]time.Duration{"late": time.Hour, "never": time.Second} {
		t.Run(name, func(t *testing.T) {
			s := newStorage(t)
			site := files{"warm": words(300_000), "warm.txt": words(3000)}
			var cold []string
			for i := range 20 {
				cold = append(cold, "cold"+string(rune('a'+i)))
				site[cold[i]] = noise(300_000 + i)
			}
			s.put(t, site)
			cache := blocks.New(blocks.Options{Dir: t.TempDir(), ReadAhead: -1})
			r := start(t, serve.Options{Archives: []serve.Archive{{Path: "remote",
				Open: func(ctx context.Context) (*tarpack.Archive, error) {
					return tarremote.Open(ctx, s.URL+"/a.tar.gz", &tarremote.Options{Retries: -1,
						Blocks: cache, HeaderTimeout: timeout})
				}}}}, serve.RunOptions{Poll: time.Millisecond})
			warm := func() {
				t.Helper()
				r.get(t, "warm", site["warm"])
				r.get(t, "warm.txt", site["warm.txt"])
			}
			warm()
			gate := make(chan struct{})
			s.hang.Store(&gate)
			var waiting sync.WaitGroup
			for _, path := range cold {
				waiting.Go(func() {
					resp, err := plainClient.Get(r.url("/" + path))
					if err != nil {
						t.Error(err)
						return
					}
					defer resp.Body.Close()
					switch {
					case name == "never" && resp.StatusCode == 503 && resp.Header.Get("Retry-After") != "":
					case name == "late" && resp.StatusCode == http.StatusOK:
					default:
						t.Errorf("/%s: %s", path, resp.Status)
					}
				})
			}
			waiting.Go(func() { _ = r.Reload(t.Context()) })
			for range 20 {
				warm()
				if status, _ := admin(t, r.Server, "GET", "/readyz", ""); status != 200 {
					t.Error("it is not ready:", status)
				}
			}
			if name == "never" {
				waiting.Wait()
				warm()
			}
			close(gate)
			s.hang.Store(nil)
			waiting.Wait()
			for _, path := range cold {
				eventually(t, path+" is there again", func() bool {
					status, body, _ := ask(t, r.url("/"+path))
					return status == 200 && body == site[path]
				})
			}
		})
	}
}
