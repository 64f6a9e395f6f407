//go:build !minimal

package main

import (
	"context"
	"errors"
	"os"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/tarpack/cache"
	"github.com/tarpack/tpk/tarpack/mount"
	"github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/source"
)

// A mountArchive is an archive that is mounted, and opened again if it is replaced.
type mountArchive struct {
	name, path string // of the archive, and of the directory in it
	again      func(ctx context.Context, wait bool) (*cache.Archive, error)
}

// opener returns a function that opens the archives, the first time and again.
func (o *mountOptions) opener(c *cli.Context, log func(string)) (
	open func(context.Context) ([]mount.Layer, error), err error,
) {
	list := make([]mountArchive, len(o.names))
	for i, name := range o.names {
		n := &list[i]
		n.name, n.path = name, ""
		if _, err := os.Stat(name); err != nil || remote.IsURL(name) {
			n.name, n.path = splitArchive(name)
			n.path = reading.EntryPath(n.path)
		}
		if n.again, err = reading.Again(c, n.name, log); err != nil {
			return nil, err
		}
	}
	first, tries := true, 0
	return func(ctx context.Context) (layers []mount.Layer, err error) {
		defer func() {
			if err != nil {
				for _, l := range layers {
					_ = l.Close() // it was only read
				}
				layers = nil
			}
		}()
		for i := range list {
			l, err := list[i].open(func() (*cache.Archive, error) {
				if first {
					return reading.OpenLong(c, list[i].name)
				}
				return list[i].again(ctx, tries < patience)
			})
			if err != nil {
				tries++
				return layers, err
			}
			layers = append(layers, l)
		}
		first, tries = false, 0
		return layers, nil
	}, nil
}

// patience is how often it is tried, each second, to open a new version with its index, before one
// is built.
const patience = 10

// open opens an archive with a function. The archive that was made from a file of another program
// lies in the cache, so it is the file that is watched.
func (n *mountArchive) open(open func() (*cache.Archive, error)) (l mount.Layer, err error) {
	origin := openOrigin(n.name)
	a, err := open()
	if err != nil {
		if origin != nil {
			_ = origin.Close() // it was only read
		}
		return l, err
	}
	l = mount.Layer{Archive: a.Archive, Dir: n.path, Close: a.Close}
	if origin != nil && a.Converted {
		l.Check = origin.Check
		l.Close = func() error { return errors.Join(a.Close(), origin.Close()) }
	} else if origin != nil {
		_ = origin.Close() // it was only read
	}
	return l, nil
}

// openOrigin opens a file that may have to be converted. It returns nil for what is none.
func openOrigin(name string) *source.File {
	if fi, err := os.Stat(name); err != nil || !fi.Mode().IsRegular() {
		return nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil // opening the archive reports why
	}
	origin, err := source.NewFile(f, 0)
	if err != nil {
		f.Close()
		return nil
	}
	return origin
}
