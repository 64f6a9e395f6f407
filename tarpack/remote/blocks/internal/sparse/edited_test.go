package sparse

import (
	"errors"
	"os"
	"testing"
)

// What somebody has done to the files is noticed: blocks are right or absent.
func TestEdited(t *testing.T) {
	flip := func(suffix string, off int64) func(*testing.T, string) {
		return func(t *testing.T, base string) {
			f, err := os.OpenFile(base+suffix, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			b := make([]byte, 1)
			if _, err := f.ReadAt(b, off); err != nil {
				t.Fatal(err)
			}
			b[0] ^= 0x10
			if _, err := f.WriteAt(b, off); err != nil {
				t.Fatal(err)
			}
		}
	}
	truncate := func(suffix string, size int64) func(*testing.T, string) {
		return func(t *testing.T, base string) {
			if err := os.Truncate(base+suffix, size); err != nil {
				t.Fatal(err)
			}
		}
	}
	remove := func(suffix string) func(*testing.T, string) {
		return func(t *testing.T, base string) {
			if err := os.Remove(base + suffix); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, test := range map[string]struct {
		edit func(t *testing.T, base string)
		want string
	}{
		"nothing":         {func(*testing.T, string) {}, "1111"},
		"data":            {flip(dataSuffix, BlockSize+77), "1011"},
		"last byte":       {flip(dataSuffix, 4*BlockSize-BlockSize/2-1), "1110"},
		"sum":             {flip(tableSuffix, headerSize+2*slotSize+3), "1101"},
		"number":          {flip(tableSuffix, headerSize+2*slotSize+9), "1111"},
		"state":           {flip(tableSuffix, headerSize+2*slotSize+8), "1111"},
		"header":          {flip(tableSuffix, 9), "0000"},
		"size in header":  {flip(tableSuffix, 24), "0000"},
		"name in header":  {flip(tableSuffix, 40), "0000"},
		"shorter data":    {truncate(dataSuffix, BlockSize+5), "1000"},
		"longer data":     {truncate(dataSuffix, 100*BlockSize), "1111"},
		"empty data":      {truncate(dataSuffix, 0), "0000"},
		"shorter table":   {truncate(tableSuffix, headerSize+slotSize), "0000"},
		"empty table":     {truncate(tableSuffix, 0), "0000"},
		"longer table":    {truncate(tableSuffix, 1<<20), "0000"},
		"no data":         {remove(dataSuffix), "0000"},
		"no table":        {remove(tableSuffix), "0000"},
		"blocks exchange": {exchangeBlocks, "0101"},
	} {
		t.Run(name, func(t *testing.T) {
			g := open(t, config(t, 4))
			g.storeAll(0, 1, 2, 3)
			g.Keep(0, 4)
			g.close()
			test.edit(t, g.unopened().base)
			g = open(t, g.Config)
			g.expect(test.want)
			if fi, err := g.data.Stat(); err != nil || fi.Size() != g.Size {
				t.Error("the data file does not have the size of the object:", fi.Size(), err)
			}
			g.storeAll(0, 1, 2, 3)
			g.Keep(0, 4)
			g.expect("1111")
			g.close()
			open(t, g.Config).expect("1111")
		})
	}
}

// exchangeBlocks exchanges blocks 0 and 2, and their slots.
func exchangeBlocks(t *testing.T, base string) {
	for suffix, at := range map[string][3]int64{
		dataSuffix:  {0, 2 * BlockSize, BlockSize},
		tableSuffix: {headerSize, headerSize + 2*slotSize, slotSize},
	} {
		f, err := os.OpenFile(base+suffix, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		a, b := make([]byte, at[2]), make([]byte, at[2])
		_, err1 := f.ReadAt(a, at[0])
		_, err2 := f.ReadAt(b, at[1])
		_, err3 := f.WriteAt(b, at[0])
		_, err4 := f.WriteAt(a, at[1])
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			t.Fatal(err)
		}
	}
}

// Data that is lost while a process uses it is not read as zeros.
func TestTruncatedWhileUsed(t *testing.T) {
	g := open(t, config(t, 4))
	g.storeAll(0, 1, 2, 3)
	if err := os.Truncate(g.data.Name(), BlockSize); err != nil {
		t.Fatal(err)
	}
	if n := g.Read(make([]byte, 10), 2*BlockSize, false); n != 0 || g.Has(2) {
		t.Errorf("%d bytes are said to be there", n)
	}
	g.expect("1000")
	g.storeAll(2)
	g.expect("1010")
	if err := os.Truncate(g.table.Name(), headerSize); err != nil {
		t.Fatal(err)
	}
	for _, off := range []int64{0, 2 * BlockSize} {
		if n := g.Read(make([]byte, 10), off, false); n != 0 || g.Has(off/BlockSize) {
			t.Errorf("%d bytes are said to be there", n)
		}
	}
	g.expect("0000")
}
