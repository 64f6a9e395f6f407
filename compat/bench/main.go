// Command bench measures tpk and the programs and libraries that one would use instead, and checks
// the promises of tpk.
//
//	make bench [BENCH=FAMILY] [BENCHFLAGS=FLAGS]
//
//	pack       making an archive of a tree: time, memory, size
//	extract    all of an archive, one file out of it, 1,000 of them
//	serve      what a request costs over HTTP
//	wire       the same over plain HTTP, HTTPS and HTTP/2, and the memory of idle connections
//	index      looking paths up among 10^4 to 10^7
//	download   a folder of an archive as a .tar.gz or .zip over HTTP
//	change     updating, adding, merging, converting, beside copying the bytes
//	range      1 KiB at random places of a large file over HTTP
//	dataset    every file of a large tree in random order through io/fs
//	pull       the bytes that a new version of an archive costs, with the old one at hand
//	cluster    a plan for 64 shards, packed by two workers, joined, opened and looked up
//	mount      mounting an archive, listing it, and reading files
//	packages   the benchmarks of tpk's own packages
//
// The tools of a case run in turn. Every figure goes to docs/benchmarks/results/VERSION.txt in the
// Go benchmark format, from which tables, charts and promises are made. Cases that are not measured
// keep their figures. The exit status is 1 if a promise is broken.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tarpack/tpk/compat/bench/changing"
	"github.com/tarpack/tpk/compat/bench/cluster"
	"github.com/tarpack/tpk/compat/bench/dataset"
	"github.com/tarpack/tpk/compat/bench/extracting"
	"github.com/tarpack/tpk/compat/bench/lookup"
	"github.com/tarpack/tpk/compat/bench/measure"
	"github.com/tarpack/tpk/compat/bench/mounting"
	"github.com/tarpack/tpk/compat/bench/packing"
	"github.com/tarpack/tpk/compat/bench/pulling"
	"github.com/tarpack/tpk/compat/bench/report"
	"github.com/tarpack/tpk/compat/bench/serving"
)

// A family is a group of benchmarks that runs as one.
type family struct {
	name string
	run  func(*measure.Bench) error
}

// families are the groups that can be measured, in the order of the page.
var families = []family{
	{"pack", packing.Run},
	{"extract", extracting.Run},
	{"serve", serving.Run},
	{"wire", serving.RunWire},
	{"download", serving.RunDownloads},
	{"change", changing.Run},
	{"index", lookup.Run},
	{"range", serving.RunRanges},
	{"dataset", dataset.Run},
	{"mount", mounting.Run},
	{"pull", pulling.Run},
	{"cluster", cluster.Run},
	{"packages", packages},
}

// helpers are commands that run as their own process, to be measured as one.
var helpers = map[string]func(args []string) error{
	"estargz":         packing.Estargz,
	"cluster":         cluster.Lookup,
	"index":           lookup.Measure,
	"index-build":     lookup.Build,
	"read":            dataset.Read,
	"hello-fasthttp":  serving.HelloFasthttp,
	"hello-net-http":  serving.HelloNetHTTP,
	"http-fileserver": serving.FileServer,
}

func main() {
	if len(os.Args) > 2 && os.Args[1] == "helper" {
		helper, ok := helpers[os.Args[2]]
		if !ok {
			exit(fmt.Errorf("%s: no such helper", os.Args[2]))
		}
		exit(helper(os.Args[3:]))
	}
	b := &measure.Bench{Log: os.Stderr}
	version, large, ranges, page := "", 0.0, 0.0, ""
	flag.StringVar(&b.Root, "root", ".", "the `DIR` of the repository")
	flag.StringVar(&b.Tpk, "tpk", "bin/tpk", "the tpk `PROGRAM` to measure")
	flag.StringVar(&b.Work, "work", ".work/bench", "`DIR` to write to")
	flag.StringVar(&b.Trees, "trees", ".work/trees", "`DIR` for generated trees, which are kept")
	flag.StringVar(&version, "version", "devel",
		"results are kept as docs/benchmarks/results/`VERSION`.txt")
	flag.StringVar(&page, "page", "docs/benchmarks", "`DIR` of the page and the results")
	flag.IntVar(&b.Rounds, "rounds", 3, "how often each contestant runs")
	flag.DurationVar(&b.Duration, "seconds", 2*time.Second, "how long each server is asked each time")
	flag.IntVar(&b.Files, "files", 1_000_000, "files in the tree of small files")
	flag.IntVar(&b.Entries, "entries", 10_000_000, "entries of the largest index")
	flag.BoolVar(&b.Huge, "huge", false,
		"an index and a cluster of 10^8 entries, too (20 GB, an hour)")
	flag.Float64Var(&large, "large", 8, "`GiB` of the large file that is packed")
	flag.Float64Var(&ranges, "range", 4, "`GiB` of the file that ranges are read out of")
	flag.BoolVar(&b.Quick, "quick", false,
		"small trees, to see that it works; broken promises are no failure")
	only := flag.String("only", "",
		"only the cases whose name matches `REGEXP`, as Pack/tree=rust-doc; the others keep what "+
			"they had")
	render := flag.Bool("render", false, "measure nothing, only make the page of the results anew")
	flag.Parse()
	b.LargeBytes, b.RangeBytes = int64(large*(1<<30)), int64(ranges*(1<<30))
	if *only != "" {
		var err error
		if b.Only, err = regexp.Compile(*only); err != nil {
			exit(err)
		}
	}
	exit(run(b, version, page, *render, flag.Args()))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func run(b *measure.Bench, version, page string, render bool, names []string) error {
	for _, name := range names {
		if !slices.ContainsFunc(families, func(f family) bool { return f.name == name }) {
			return fmt.Errorf("%s: no such family", name)
		}
	}
	err := paths(b)
	if err != nil {
		return err
	}
	b.Interrupted()
	defer b.Cleanup()
	results := filepath.Join(page, "results", version+".txt")
	if b.Results, err = measure.OpenResults(results,
		measure.Machine(commit(b.Root), b.Work)); err != nil {
		return err
	}
	if render {
		return report.Write(page, version, b.Results.All(), os.Stdout)
	}
	for _, f := range families {
		if len(names) > 0 && !slices.Contains(names, f.name) {
			continue
		}
		b.Logf("\n== %s", f.name)
		b.Results.Begin(f.name)
		start := time.Now()
		if err := f.run(b); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		b.Logf("== %s took %v", f.name, time.Since(start).Round(time.Second))
		if b.Only == nil {
			b.Results.Forget(f.name)
		}
		if err := b.Results.Save(); err != nil {
			return err
		}
		if err := b.Sweep(); err != nil {
			return err
		}
	}
	if err := report.Write(page, version, b.Results.All(), os.Stdout); err != nil &&
		(!b.Quick || !errors.Is(err, report.ErrBroken)) {
		return err
	}
	return nil
}

// packages runs the benchmarks of tpk's packages.
func packages(b *measure.Bench) error {
	if b.Only != nil {
		return nil // their names differ from our cases
	}
	args := []string{"test", "-run", "^$", "-bench", ".", "-benchmem", "-benchtime", "200ms", "./..."}
	if b.Quick {
		args = []string{"test", "-run", "^$", "-bench", ".", "-benchmem", "-benchtime", "1x",
			"./gzmember", "./serve/plan"}
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = b.Root
	cmd.Stderr = b.Log
	var text bytes.Buffer
	cmd.Stdout = io.MultiWriter(&text, b.Log)
	if err := cmd.Run(); err != nil {
		return err
	}
	return b.Results.RecordText(text.Bytes())
}

// paths makes all paths absolute, and creates the work directory.
func paths(b *measure.Bench) (err error) {
	for _, p := range []*string{&b.Root, &b.Tpk, &b.Work, &b.Trees} {
		if *p, err = filepath.Abs(*p); err != nil {
			return err
		}
	}
	if b.Self, err = os.Executable(); err != nil {
		return err
	}
	if _, err := os.Stat(b.Tpk); err != nil {
		return fmt.Errorf("%w (make build)", err)
	}
	// The programs that compat/install.sh has installed.
	if err := os.Setenv("PATH",
		filepath.Join(b.Root, ".work/bin")+":"+os.Getenv("PATH")+":/usr/sbin:/sbin"); err != nil {
		return err
	}
	if err := os.MkdirAll(b.Work, 0o755); err != nil {
		return err
	}
	if b.Work, err = os.MkdirTemp(b.Work, "run-"); err != nil {
		return err
	}
	// on a real file system, and removed at the end
	if err := os.Setenv("TMPDIR", b.Work); err != nil {
		return err
	}
	return os.Chmod(b.Work, 0o755)
}

func commit(root string) string {
	out, err := exec.Command("git", "-C", root, "describe", "--tags", "--always", "--dirty").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
