// Command bench times tpk beside the programs it replaces, on a real tree, and says whether it keeps its promises.
//
//	go run ./compat/bench -tree DIR [-runs 5] [pack] [extract] [index]
//
//	pack      tpk pack --level 6 beside tar c | pigz -6 and zip -6: wall time, CPU time, peak memory, size
//	extract   tpk extract beside tar xzf: wall time, CPU time
//	index     a sidecar of 1,000,000 entries: opening it, and looking paths up
//
// Programs that are compared run in turn, so that what else the machine does hits all of them; the figures are
// medians, and the ratios are what a promise is about. It exits with 1 when one is not kept.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// A verdict is a promise and what was measured.
type verdict struct {
	what     string
	got, max float64
	unit     string
}

// A bench is one run of this command.
type bench struct {
	tree     string
	runs     int
	work     string // a directory for what is written
	tpk      string
	verdicts []verdict
}

func main() {
	b := &bench{}
	flag.StringVar(&b.tree, "tree", "", "the `DIR` to pack; compat/get-tree.sh prints a good one")
	flag.IntVar(&b.runs, "runs", 5, "how often each program runs")
	flag.StringVar(&b.work, "work", "", "`DIR` to write to; the default is a temporary one")
	flag.StringVar(&b.tpk, "tpk", "", "the tpk `PROGRAM` to time; the default is built from here")
	flag.Parse()
	what := flag.Args()
	if len(what) == 0 {
		what = []string{"pack", "extract", "index"}
	}
	if err := b.run(what); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	if !b.report() {
		os.Exit(1)
	}
}

func (b *bench) run(what []string) error {
	dir, err := os.MkdirTemp(b.work, "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b.work = dir
	if b.tpk == "" && !slices.Equal(what, []string{"index"}) {
		b.tpk = filepath.Join(dir, "tpk")
		if _, err := execute("go", "build", "-o", b.tpk, "./cmd/tpk"); err != nil {
			return err
		}
	}
	for _, w := range what {
		f, ok := map[string]func() error{"pack": b.pack, "extract": b.extract, "index": b.index}[w]
		if !ok {
			return fmt.Errorf("%s: no such benchmark: pack, extract and index are known", w)
		}
		if b.tree == "" && w != "index" {
			return fmt.Errorf("%s: -tree DIR is missing: try -tree \"$(compat/get-tree.sh)\"", w)
		}
		if err := f(); err != nil {
			return fmt.Errorf("%s: %w", w, err)
		}
	}
	return nil
}

// promise notes a figure and the most that it may be.
func (b *bench) promise(what string, got, max float64, unit string) {
	b.verdicts = append(b.verdicts, verdict{what, got, max, unit})
}

// report prints the verdicts, and returns whether all promises are kept.
func (b *bench) report() bool {
	ok := true
	fmt.Printf("\n%-58s %10s %10s\n", "promise", "got", "at most")
	for _, v := range b.verdicts {
		word := "kept"
		if v.got > v.max {
			word, ok = "BROKEN", false
		}
		fmt.Printf("%-58s %10.2f %10.2f %-3s %s\n", v.what, v.got, v.max, v.unit, word)
	}
	return ok
}
