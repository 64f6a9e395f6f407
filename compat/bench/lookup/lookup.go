// Package lookup measures finding a path among many, in the index of tpk and in other structures.
package lookup

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/tarpack/tpk/compat/bench/measure"
)

// Run measures all structures from 10^4 entries on.
func Run(b *measure.Bench) error {
	dir, err := b.Dir("index")
	if err != nil {
		return err
	}
	defer b.Discard(dir)
	most := b.Entries
	if b.Huge {
		most = max(most, 100_000_000)
	}
	for n := 10_000; n <= most; n *= 10 {
		name := fmt.Sprintf("Index/entries=%d", n)
		if !b.Wanted(name) {
			continue
		}
		b.Logf("%s: %d rounds", name, b.Rounds)
		var built []string
		for _, kind := range kinds {
			if n > structures[kind].most && !(b.Huge && n <= structures[kind].mostHuge) {
				continue
			}
			if err := measure.Run(b.Helper("index-build", kind, strconv.Itoa(n),
				file(dir, kind, n))...); err != nil {
				return err
			}
			built = append(built, kind)
		}
		for round := range b.Rounds {
			for i := range built {
				kind := built[(i+round)%len(built)]
				if round > 0 && n >= structures[kind].once {
					continue
				}
				if err := one(b, name, kind, n, file(dir, kind, n)); err != nil {
					return fmt.Errorf("%s, %d entries: %w", kind, n, err)
				}
			}
		}
		if err := b.Results.Save(); err != nil {
			return err
		}
		for _, kind := range built {
			_ = os.Remove(file(dir, kind, n)) // a map has none
		}
	}
	return nil
}

func file(dir, kind string, n int) string { return fmt.Sprintf("%s/%s-%d", dir, kind, n) }

// one measures a structure in a separate process.
func one(b *measure.Bench, name, kind string, n int, index string) error {
	var values []measure.Value
	if fi, err := os.Stat(index); err == nil {
		values = append(values, measure.Value{Of: float64(fi.Size()) / float64(n), Unit: "B/entry"})
		if err := measure.Evict(index); err != nil {
			return err
		}
	}
	helper := b.Helper("index", kind, strconv.Itoa(n), index)
	cmd := exec.Command(helper[0], helper[1:]...)
	cmd.Stderr = b.Log
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	for line := bufio.NewScanner(bytes.NewReader(out)); line.Scan(); {
		number, unit, _ := strings.Cut(line.Text(), " ")
		x, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return err
		}
		values = append(values, measure.Value{Of: x, Unit: unit})
	}
	b.Results.Record(name, kind, values...)
	var text strings.Builder
	for _, v := range values {
		fmt.Fprintf(&text, "  %s %s", strings.TrimSuffix(v.Unit, "-sec"), measure.Format(v))
	}
	b.Logf("  %-13s%s", kind, text.String())
	return nil
}
