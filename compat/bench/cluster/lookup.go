package cluster

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/tarpack/tpk/compat/bench/measure"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
)

// join makes the index of the set.
func (s *set) join() error {
	values, err := measure.Execute(s.b.Tpk, "index", "-q", s.shard(0))
	if err != nil {
		return err
	}
	written, err := measure.Size(s.joined())
	if err != nil {
		return err
	}
	return s.record("join", append(values, written,
		measure.Value{Of: float64(shards * s.per), Unit: "entries"})...)
}

// joined returns the name of the index of the set.
func (s *set) joined() string {
	name, _ := filepath.Glob(s.path("out-of-*" + format.SidecarSuffix))
	return strings.Join(name, "")
}

// lookUp opens the set and looks up paths, in a process of its own and over HTTP.
func (s *set) lookUp() error {
	if err := measure.Evict(s.joined()); err != nil {
		return err
	}
	helper := s.b.Helper("cluster", s.shard(0), strconv.Itoa(s.per))
	cmd := exec.Command(helper[0], helper[1:]...)
	cmd.Stderr = s.b.Log
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	for line := bufio.NewScanner(bytes.NewReader(out)); line.Scan(); {
		var step string
		var sec, resident float64
		if _, err := fmt.Sscan(line.Text(), &step, &sec, &resident); err != nil {
			return err
		}
		if err := s.record(step, measure.Value{Of: sec, Unit: "sec/op"},
			measure.Value{Of: resident, Unit: "peak-B"}); err != nil {
			return err
		}
	}
	return s.remote()
}

// remote counts the requests of the first lookup by a process that has an empty cache, and of one
// more.
func (s *set) remote() error {
	if !s.b.Have("nginx") {
		return nil
	}
	web, err := measure.NewWebServer(s.b, s.dir)
	if err != nil {
		return err
	}
	url := "http://" + web.Address + "/" + filepath.Base(s.shard(0))
	for i, step := range []string{"http-first", "http-next"} {
		if err := web.Start(); err != nil {
			return err
		}
		path := part(shards/2+i) + "/" + below(s.per/3)
		values, err := measure.Execute(s.b.Tpk, "ls", "--cache", s.path("cache"), url, path)
		sent, stopErr := web.Stop()
		if err := errors.Join(err, stopErr); err != nil {
			return err
		}
		for i := range sent {
			if sent[i].Unit == "B" {
				sent[i].Unit = "received-B"
			}
		}
		if err := s.record(step, append(values, sent...)...); err != nil {
			return err
		}
	}
	return nil
}

// Lookup is the helper that opens a set and looks up paths: SHARD FILES. It prints a line for each
// step: its name, its seconds, and the memory of the process after it.
func Lookup(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("cluster: SHARD FILES")
	}
	per, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	start := time.Now()
	a, err := tarpack.Open(context.Background(), args[0],
		&tarpack.OpenOptions{RequireSidecar: true})
	if err != nil {
		return err
	}
	defer a.Close()
	figure := func(step string, since time.Time, n int) {
		fmt.Println(step, time.Since(since).Seconds()/float64(n), resident())
	}
	figure("open", start, 1)
	for _, pass := range []struct {
		step string
		n    int
		seed uint64
	}{{"lookup-cold", 4096, 1}, {"", 1 << 18, 2}, {"lookup", 1 << 18, 2}} {
		r := rand.New(rand.NewPCG(1, pass.seed))
		paths := make([]string, pass.n)
		for i := range paths {
			paths[i] = part(r.IntN(shards)) + "/" + below(r.IntN(per))
		}
		start := time.Now()
		for _, p := range paths {
			if _, ok, err := a.Index().Lookup(p); !ok || err != nil {
				return fmt.Errorf("%s: found: %v, %w", p, ok, err)
			}
		}
		if pass.step != "" {
			figure(pass.step, start, pass.n)
		}
	}
	return nil
}

// resident returns the memory of this process in bytes.
func resident() float64 {
	text, _ := os.ReadFile("/proc/self/status")
	m := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(text)
	if m == nil {
		return 0
	}
	kib, _ := strconv.ParseFloat(string(m[1]), 64)
	return kib * 1024
}
