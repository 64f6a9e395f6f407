package build

import (
	"errors"
	"fmt"
	"iter"

	"github.com/tarpack/tpk/internal/sorter"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/internal/totals"
)

// digestTotals finds what is below each directory of the items that a digester hashes. What does
// not fit in memory goes to temporary files.
type digestTotals struct {
	names  *totals.Names
	totals *sorter.Sorter // patches of directories
	saved  uint64         // bytes that duplicates save
}

// totalsMemory is the memory for hard links, and as much for directories, in bytes.
const totalsMemory = 4 << 20

func newDigestTotals() *digestTotals {
	return &digestTotals{
		names: totals.NewNames("", totalsMemory), totals: sorter.New("", totalsMemory),
	}
}

func (d *digestTotals) close() error { return errors.Join(d.names.Close(), d.totals.Close()) }

// run goes through the items twice. It returns the totals in path order.
func (d *digestTotals) run(items iter.Seq2[*Item, error]) (*patcher, error) {
	if err := d.findLinks(items); err != nil {
		return nil, err
	}
	if err := d.names.Sort(); err != nil {
		return nil, err
	}
	if err := d.count(items); err != nil {
		return nil, err
	}
	return newPatcher(d.totals)
}

// findLinks adds all hard links to names.
func (d *digestTotals) findLinks(items iter.Seq2[*Item, error]) error {
	n := uint32(0)
	for it, err := range items {
		if err != nil {
			return err
		}
		if it.Type == sidecar.TypeHardlink {
			if err := d.names.Add(it.Target, n, uint64(it.TargetLen)); err != nil {
				return err
			}
			if it.Duplicate {
				d.saved += uint64(it.TargetLen)
			}
		}
		n++
	}
	return nil
}

// count adds a patch for each directory.
func (d *digestTotals) count(items iter.Seq2[*Item, error]) error {
	var c totals.Counter
	n := uint32(0)
	for it, err := range items {
		if err == nil {
			err = addTotals(d.totals, &c, n)
		}
		if err != nil {
			return err
		}
		switch it.Type {
		case sidecar.TypeDir:
			if it.End <= n {
				return fmt.Errorf("%w: %q: a directory that ends before it", ErrItem, it.Path)
			}
			c.Dir(n, it.End)
		case sidecar.TypeFile, sidecar.TypeHardlink:
			before, _, _, err := d.names.Of(n)
			if err != nil {
				return err
			}
			c.Content(uint64(it.Size), uint64(it.ContentLen+it.TargetLen), before)
		default:
			c.Other()
		}
		n++
	}
	return addTotals(d.totals, &c, n)
}
