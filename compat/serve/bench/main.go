// Command bench measures what a request costs tpk's server beside those it replaces: CPU time of the server's processes
// for each request, which a busy machine blurs far less than requests a second.
//
//	go run ./compat/serve/bench -tree DIR [-rounds 7] [-seconds 2]
//
// It packs DIR, compresses a copy of it for gzip_static and precompressed, and lets wrk ask for 5,000 of its files at random
// over 32 connections, of each server in turn. The figure of a server is its least, as all that disturbs makes it more;
// the promise is about the ratio. It also times a stored file of 1 GiB beside nginx's sendfile, and the start.
// It exits with 1 when a promise is not kept. It needs wrk and nginx; caddy is taken along where it is installed.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

func main() {
	var o options
	hello := ""
	flag.StringVar(&o.tree, "tree", "", "the `DIR` to serve")
	flag.IntVar(&o.rounds, "rounds", 7, "how often each server is measured")
	flag.IntVar(&o.seconds, "seconds", 2, "for how long each time")
	flag.StringVar(&o.tpk, "tpk", "", "the tpk `PROGRAM`; the default is built from here")
	flag.StringVar(&hello, "hello", "", "only answer every request with 3 KB at `ADDR`, by fasthttp (for the bench itself)")
	flag.Parse()
	var err error
	if hello != "" {
		err = serveHello(hello)
	} else {
		err = run(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	tree, tpk       string
	rounds, seconds int
}

func run(o options) error {
	if o.tree == "" {
		return fmt.Errorf("-tree is missing")
	}
	work, err := os.MkdirTemp("", "tpk-serve-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := os.Chmod(work, 0o755); err != nil { // nginx's workers are somebody else
		return err
	}
	b := &bench{options: o, work: work}
	defer b.stop()
	if err := b.prepare(); err != nil {
		return err
	}
	if err := b.startAll(); err != nil {
		return err
	}
	least := map[string]float64{}
	for range o.rounds {
		for _, s := range b.servers {
			us, err := b.cost(s)
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			if old, ok := least[s.name]; !ok || us < old {
				least[s.name] = us
			}
		}
	}
	fmt.Printf("\n| server | CPU µs a request | tpk's part of it | at most |\n|---|---|---|---|\n")
	kept := true
	for _, s := range b.servers {
		part := least["tpk"] / least[s.name]
		limit := ""
		if s.most > 0 {
			limit = fmt.Sprintf("%.2f", s.most)
			kept = kept && part <= s.most
		}
		fmt.Printf("| %s | %.2f | %.2f | %s |\n", s.name, least[s.name], part, limit)
	}
	big, err := b.largeFile()
	if err != nil {
		return err
	}
	fmt.Printf("\n1 GiB stored: tpk %.2f GB/s, nginx sendfile %.2f GB/s\n", big[0], big[1])
	kept = kept && big[0] >= big[1]
	if !kept {
		return fmt.Errorf("a promise is not kept")
	}
	return nil
}

// sample takes up to n files below dir that a server would show, as paths of URLs.
func sample(dir string, n int) ([]string, error) {
	var all []string
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && plainName(p[len(dir):]) {
			all = append(all, p[len(dir):])
		}
		return err
	})
	if len(all) > n {
		step := len(all) / n
		picked := make([]string, 0, n)
		for i := range n {
			picked = append(picked, all[i*step])
		}
		all = picked
	}
	// The same order in every run, and no order that a file system has.
	slices.SortFunc(all, func(a, b string) int { return compareHash(a, b) })
	return all, err
}
