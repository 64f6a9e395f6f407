package serving

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tarpack/tpk/compat/bench/measure"
	"github.com/tarpack/tpk/compat/bench/trees"
	"github.com/tarpack/tpk/tarpack"
)

// RunRanges measures reading 1 KiB at random places of a large file.
func RunRanges(b *measure.Bench) error {
	for _, c := range []struct {
		content string
		kind    int
	}{{"deflated", trees.Text}, {"stored", trees.Noise}} {
		if !b.Room(b.RangeBytes*5/2, "the file to read ranges of") {
			return nil
		}
		t := trees.Tree{Name: "range-" + c.content, Dir: b.Path("range-" + c.content)}
		if err := os.MkdirAll(t.Dir, 0o755); err != nil {
			return err
		}
		if err := trees.WriteFile(filepath.Join(t.Dir, "large.bin"), b.RangeBytes, c.kind); err != nil {
			return err
		}
		archive, err := t.Archive(b)
		if err != nil {
			return err
		}
		s := site{b: b, tree: t, archive: archive, www: t.Dir}
		for _, cold := range []bool{false, true} {
			if err := s.ranges(c.content, cold); err != nil {
				return err
			}
		}
		// Commands that are timed later make no files.
		if err := os.RemoveAll(t.Dir); err != nil {
			return err
		}
		if err := os.Remove(archive); err != nil {
			return err
		}
	}
	return nil
}

// ranges measures all programs that can read a range.
func (s site) ranges(content string, cold bool) error {
	cache := "hot"
	if cold {
		cache = "cold"
	}
	name := fmt.Sprintf("Range/bytes=%d/content=%s/cache=%s", s.b.RangeBytes, content, cache)
	if !s.b.Wanted(name) {
		return nil
	}
	s.b.Logf("%s: %d rounds", name, s.b.Rounds)
	plain, err := os.Open(filepath.Join(s.www, "large.bin"))
	if err != nil {
		return err
	}
	defer plain.Close()
	for round := range s.b.Rounds {
		tools := []string{"tpk", "tpk-fs", "nginx"}
		for i := range tools {
			tool := tools[(i+round)%len(tools)]
			values, err := s.rangesOf(tool, plain, cold, uint64(round))
			if err != nil {
				return fmt.Errorf("%s: %s: %w", name, tool, err)
			}
			(&server{tool: tool}).record(s.b, name, values)
		}
	}
	return s.b.Results.Save()
}

// rangesOf measures one program.
func (s site) rangesOf(tool string, plain *os.File, cold bool, seed uint64) ([]measure.Value,
	error) {
	file := s.archive
	if tool == "nginx" {
		file = plain.Name()
	}
	size, err := measure.Size(file)
	if err != nil {
		return nil, err
	}
	var read func(p []byte, offset int64) error
	cpu := func() time.Duration { return 0 }
	if tool == "tpk-fs" {
		a, err := tarpack.Open(context.Background(), s.archive,
			&tarpack.OpenOptions{RequireSidecar: true})
		if err != nil {
			return nil, err
		}
		defer a.Close()
		f, err := a.FS().Open("large.bin")
		if err != nil {
			return nil, err
		}
		defer f.Close()
		read = func(p []byte, offset int64) error {
			_, err := f.(io.ReaderAt).ReadAt(p, offset)
			return err
		}
	} else {
		x := s.tpk()
		if tool == "nginx" {
			x = s.nginx("nginx", "")
		}
		defer x.stop()
		if err := x.start(s.b); err != nil {
			return nil, err
		}
		conn, err := net.Dial("tcp", x.address)
		if err != nil {
			return nil, err
		}
		defer conn.Close()
		read, cpu = rangeReader(conn), x.cpu
	}
	if cold {
		if err := measure.Evict(file); err != nil {
			return nil, err
		}
	} else if err := measure.Warm(file); err != nil {
		return nil, err
	}
	values, err := latencies(read, plain, s.b.RangeBytes, cpu, seed)
	if tool == "tpk-fs" {
		values = slices.DeleteFunc(values, func(v measure.Value) bool { return v.Unit == "cpu-sec/op" })
	}
	return append(values, size), err
}

// rangeReader reads ranges over a connection that stays open.
func rangeReader(conn net.Conn) func([]byte, int64) error {
	in := bufio.NewReader(conn)
	return func(p []byte, offset int64) error {
		if _, err := fmt.Fprintf(conn, "GET /large.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=%d-%d\r\n\r\n",
			offset, offset+int64(len(p))-1); err != nil {
			return err
		}
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusPartialContent || resp.ContentLength != int64(len(p)) {
			return fmt.Errorf("%s, %d bytes", resp.Status, resp.ContentLength)
		}
		_, err = io.ReadFull(resp.Body, p)
		return err
	}
}

// latencies reads 1 KiB at random places, one after the other, and compares the bytes with the
// plain file.
func latencies(read func([]byte, int64) error, plain *os.File, size int64, cpu func() time.Duration,
	seed uint64) ([]measure.Value, error) {
	const reads = 1000
	r := rand.New(rand.NewPCG(17, seed))
	offsets := make([]int64, reads)
	got := make([][]byte, reads)
	all := make([]float64, reads)
	before := cpu()
	for i := range offsets {
		offsets[i], got[i] = r.Int64N(size-1024), make([]byte, 1024)
		start := time.Now()
		if err := read(got[i], offsets[i]); err != nil {
			return nil, err
		}
		all[i] = time.Since(start).Seconds()
	}
	used := cpu() - before
	want := make([]byte, 1024)
	for i, p := range got { // last, because it reads the plain file into memory
		if _, err := plain.ReadAt(want, offsets[i]); err != nil {
			return nil, err
		}
		if !bytes.Equal(p, want) {
			return nil, fmt.Errorf("the bytes at %d are others", offsets[i])
		}
	}
	slices.Sort(all)
	return []measure.Value{
		{Of: all[reads/2], Unit: "p50-sec"},
		{Of: all[reads*99/100], Unit: "p99-sec"},
		{Of: used.Seconds() / reads, Unit: "cpu-sec/op"},
	}, nil
}
