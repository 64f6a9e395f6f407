package lookup

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"
)

// Build is the helper that makes an index: KIND N FILE.
func Build(args []string) error {
	s, n, err := arguments(args)
	if err != nil || s.build == nil {
		return err
	}
	return s.build(args[2], n)
}

// Measure is the helper that opens an index and looks paths up: KIND N FILE. It prints one figure
// with its unit per line.
func Measure(args []string) error {
	s, n, err := arguments(args)
	if err != nil {
		return err
	}
	name := args[2]
	figure := func(x float64, unit string) { fmt.Println(x, unit) }
	start := time.Now()
	x, err := s.open(name, n)
	if err != nil {
		return err
	}
	opening := []float64{time.Since(start).Seconds()}
	if ok, err := x.find(path(n / 2)); !ok || err != nil {
		return fmt.Errorf("%s is not found: %w", path(n/2), err)
	}
	figure(resident(), "open-B")

	if s.build != nil { // a file, which was evicted from the page cache
		cold, err := pass(x, n, 4096, "", true)
		if err != nil {
			return err
		}
		figure(cold, "cold-sec")
	}
	// The first lookup has read the file from disk. What is reported is the time from memory.
	for began := time.Now(); len(opening) < 21 && opening[0] < 1 && time.Since(began) < time.Second; {
		if err := x.close(); err != nil {
			return err
		}
		start := time.Now()
		if x, err = s.open(name, n); err != nil {
			return err
		}
		opening = append(opening, time.Since(start).Seconds())
	}
	if len(opening) > 1 {
		opening = opening[1:]
	}
	slices.Sort(opening)
	figure(opening[len(opening)/2], "open-sec")

	for _, c := range []struct {
		suffix string
		hit    bool
		unit   string
	}{{"", true, "hit-sec"}, {"x", false, "miss-sec"}} {
		if _, err := pass(x, n, queries, c.suffix, c.hit); err != nil { // page faults
			return err
		}
		sec, err := pass(x, n, queries, c.suffix, c.hit)
		if err != nil {
			return err
		}
		figure(sec, c.unit)
	}
	one := path(n / 3)
	figure(testing.AllocsPerRun(1000, func() { _, err = x.find(one) }), "allocs/op")
	figure(resident(), "rss-B")
	if err != nil {
		return err
	}
	return x.close()
}

// pass looks paths up and returns the time of one lookup.
func pass(x finder, n, count int, suffix string, hit bool) (float64, error) {
	var total time.Duration
	done := 0
	for paths := range batches(n, count, suffix) {
		start := time.Now()
		for _, p := range paths {
			if ok, err := x.find(p); ok != hit || err != nil {
				return 0, fmt.Errorf("%s: found: %v, %w", p, ok, err)
			}
		}
		total += time.Since(start)
		done += len(paths)
	}
	return total.Seconds() / float64(done), nil
}

func arguments(args []string) (s structure, n int, err error) {
	if len(args) != 3 {
		return s, 0, fmt.Errorf("index: KIND N FILE")
	}
	s, ok := structures[args[0]]
	if !ok {
		return s, 0, fmt.Errorf("index: %s is not known", args[0])
	}
	n, err = strconv.Atoi(args[1])
	return s, n, err
}

// resident returns the memory of this process.
func resident() float64 {
	text, _ := os.ReadFile("/proc/self/status")
	m := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(text)
	if m == nil {
		return 0
	}
	kib, _ := strconv.ParseFloat(string(m[1]), 64)
	return kib * 1024
}
