package remote

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
)

// clients ask for files until they are stopped, and check each body.
type clients struct {
	oldest atomic.Int64 // the generation that all servers have
	right  atomic.Int64 // complete bodies
	busy   atomic.Int64 // 503
	cut    atomic.Int64 // bodies that were cut off
	lost   atomic.Int64 // 502
	done   chan struct{}
	all    sync.WaitGroup
}

func (f *fleet) ask(t *testing.T, s *site) *clients {
	c := &clients{done: make(chan struct{})}
	for k := range 6 {
		random := rand.New(rand.NewPCG(uint64(k), 1))
		c.all.Go(func() {
			for {
				select {
				case <-c.done:
					return
				default:
				}
				i := random.IntN(s.files)
				if i == quiet || random.IntN(20) == 0 {
					i = 0 // the long one
				}
				coding := []string{"gzip", "identity"}[random.IntN(2)]
				c.one(t, s, f.front, i, coding)
			}
		})
	}
	return c
}

func (c *clients) one(t *testing.T, s *site, host string, i int, coding string) {
	oldest := int(c.oldest.Load())
	status, body, h := request(t, host+s.path(i), coding)
	switch {
	case status == 200:
		c.right.Add(1)
		s.check(t, i, oldest, coding, h.Get("Content-Encoding"), h.Get("ETag"), body)
	case status == 503 && h.Get("Retry-After") != "":
		c.busy.Add(1)
	case status == 0:
		c.cut.Add(1)
	case status == 502:
		c.lost.Add(1)
	default:
		t.Errorf("%s: %d %.200s", s.path(i), status, body)
	}
}

// TestFleetReplaced asks three servers behind nginx for 5,000 files, with -short 400, while the
// archive is replaced 50 times, with -short 6 times, by one upload or in parts, now and then
// between two ranges of one body, and the storage is stopped and started. Each body is of one
// generation, and not of one before the last that all servers had.
func TestFleetReplaced(t *testing.T) {
	files, times := 5000, 50
	if testing.Short() {
		files, times = 400, 6
	}
	s := newSite(t, files, true)
	f := newFleet(t, s)
	f.nginx(t)
	c := f.ask(t, s)
	stopLoad := f.load(t, s)
	between := 0 // answers that the archive was replaced in
	for n := 1; n <= times; n++ {
		if n%3 == 2 {
			between += f.putBetween(t, s, n)
		} else {
			s.put(t, f.storage, n)
		}
		for _, server := range f.servers {
			until(t, fmt.Sprint("a server has generation ", n), func() bool {
				status, body, h := request(t, "http://"+server+s.path(3), "identity")
				return status == 200 && s.check(t, 3, int(c.oldest.Load()), "identity",
					h.Get("Content-Encoding"), h.Get("ETag"), body) == n
			})
		}
		c.oldest.Store(int64(n))
		if n%5 == 3 {
			f.gateway.Stop()
			answers := c.right.Load() + c.busy.Load()
			until(t, "more answers have come without the storage", func() bool {
				return c.right.Load()+c.busy.Load() > answers+200
			})
			f.gateway = f.again()
		}
	}
	until(t, "1,000 bodies have come", func() bool { return c.right.Load() >= 1000 })
	stopLoad()
	close(c.done)
	c.all.Wait()
	t.Logf("%d bodies, %d times 503, %d cut off, %d times 502; %d replaced", c.right.Load(),
		c.busy.Load(), c.cut.Load(), c.lost.Load(), between)
	for i := range s.files { // after the last start of the storage it needs no help
		until(t, s.path(i)+" is there", func() bool {
			status, _ := get(t, f.front+s.path(i), "gzip")
			return status == 200
		})
		s.mustHave(t, f.front, i, times)
	}
	if between == 0 {
		t.Error("no answer was cut off as the archive was replaced between two of its ranges")
	}
}

// putBetween uploads a generation just before a request for a further range of the quiet file. It
// returns how many answers were cut off.
func (f *fleet) putBetween(t *testing.T, s *site, generation int) (cut int) {
	t.Helper()
	s.archive(t, generation) // packed before a request waits for it
	var once sync.Once
	put := func() { once.Do(func() { s.put(t, f.storage, generation) }) }
	first, last := s.extent(t, quiet, generation-1)
	f.wire.do(func(r *http.Request) {
		var start int
		_, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &start)
		if err == nil && first < start && start <= last {
			put()
		}
	})
	defer f.wire.do(nil)
	for _, server := range f.servers {
		status, body, h := request(t, "http://"+server+s.path(quiet), "identity")
		if status == 200 {
			s.check(t, quiet, 0, "identity", h.Get("Content-Encoding"), h.Get("ETag"), body)
		} else {
			cut++
		}
	}
	put()
	return cut
}

// extent returns where a long file's content begins and about ends in an archive. What can't be
// compressed is there as it is.
func (s *site) extent(t *testing.T, i, generation int) (first, last int) {
	t.Helper()
	content := s.content(i, generation)
	first = bytes.Index(s.archive(t, generation), content[:64])
	if first < 0 {
		t.Fatalf("%s is not as it is in generation %d", s.path(i), generation)
	}
	return first, first + len(content) - 1
}

// load puts load on the proxy with wrk, if it is there, until the returned function is called.
func (f *fleet) load(t *testing.T, s *site) (stop func()) {
	t.Helper()
	wrk, err := exec.LookPath("wrk")
	if err != nil {
		t.Log("without wrk")
		return func() {}
	}
	var list strings.Builder
	for i := range s.files {
		if i != quiet {
			fmt.Fprintln(&list, s.path(i))
		}
	}
	dir := tools.Dir(t)
	paths, script := filepath.Join(dir, "paths"), filepath.Join(dir, "load.lua")
	fixture.WriteFiles(t, map[string][]byte{paths: []byte(list.String()), script: fmt.Appendf(nil, `
local u, i = {}, 0
for l in io.lines(%q) do u[#u + 1] = l end
request = function()
  i = i %% #u + 1
  return wrk.format("GET", u[i], {["Accept-Encoding"] = "gzip"})
end
`, paths)})
	cmd := exec.Command(wrk, "-t1", "-c8", "-d1h", "-s", script, f.front)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	t.Cleanup(stop)
	return stop
}
