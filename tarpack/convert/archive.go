package convert

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/internal/tarwriter"
)

// An archiveCopy copies the entries of a tpk archive in the input to the spool. It inflates
// everything to check it, but compresses nothing again. Links that stand for duplicates stay that.
type archiveCopy struct {
	c    *converter
	file *os.File
	base int64 // offset of the archive in file
	ix   *scan.Indexer
}

// copyArchive copies the tpk archive of size bytes that is next in the input. The error of a fault
// wraps format.ErrCorrupt and has the offset in the input.
func (c *converter) copyArchive(ctx context.Context, size int64) (err error) {
	a := &archiveCopy{c: c, file: c.in.file, base: c.in.offset()}
	src := io.NewSectionReader(a.file, a.base, size)
	sums := c.o.SHA256
	if t, err := format.ReadTrailer(src, size); err == nil { // else the scan finds the error
		sums = sums || t.HasSHA256()
		c.sums = c.sums || t.HasSHA256()
	}
	a.ix = scan.NewIndexer(scan.Options{}, sums)
	defer func() { err = errors.Join(err, a.ix.Builder.Close()) }()
	s := &scan.Scan{
		Src: src, Size: size, Workers: c.o.Workers, Each: a.take,
		Draft: c.in.draft, Sums: sums,
	}
	if err := s.Run(ctx); err != nil {
		return err
	}
	if c.spool != nil {
		// The input may be closed before the spool writes again.
		if err := errors.Join(c.spool.W.FlushGroup(), c.spool.W.Flush()); err != nil {
			return err
		}
	}
	if err := a.check(size); err != nil {
		return err
	}
	c.in.seek(ctx, a.base+size)
	return nil
}

// check compares the index of the archive with its trailer.
func (a *archiveCopy) check(size int64) error {
	f, err := durable.UnlinkedTemp(a.c.temp, durable.ScratchCheck)
	if err != nil {
		return err
	}
	defer f.Close()
	if t := a.ix.Trailer; t != nil && errors.Is(t.CheckRead(), format.ErrDraft) {
		// The digest is that of an index which is no longer known.
		if n := a.ix.Builder.Len(); n != t.Entries {
			return fmt.Errorf("the archive at offset %d: %w: its number of entries is %d, "+
				"its trailer says %d", a.base, format.ErrCorrupt, n, t.Entries)
		}
		return nil
	}
	if _, err := a.ix.Finish(f, size); err != nil {
		return fmt.Errorf("the archive at offset %d: %w", a.base, err)
	}
	return nil
}

// take copies a unit.
func (a *archiveCopy) take(un *scan.Unit) error {
	err := un.Err
	if err == nil {
		err = a.ix.Add(un)
	}
	if err != nil {
		var pr *format.Problem
		if errors.As(err, &pr) {
			err = pr.Err
		}
		return &format.Problem{Path: un.Path, Offset: a.base + un.Off, Err: err}
	}
	a.c.entries += int64(len(un.Items))
	for i := range un.Items {
		if un.Items[i].Type == sidecar.TypeFile {
			a.c.newest = max(a.c.newest, un.Items[i].ModTime)
		}
	}
	if a.c.spool == nil || len(un.Items) == 0 {
		return nil
	}
	if un.Items[0].Type != sidecar.TypeFile {
		return a.takeGroup(un)
	}
	it := un.Items[0]
	if err := a.c.spool.Announce(&format.Header{Path: it.Path, Type: it.Type}); err != nil {
		return err
	}
	it.Offset += a.base
	at := it.Entry
	return a.c.spool.W.CopyFile(a.file, &at, &it)
}

// takeGroup takes a group apart, as there may be later entries of its paths.
func (a *archiveCopy) takeGroup(un *scan.Unit) error {
	g, err := format.ReadGroup(a.file, a.base+un.Off, int(un.End-un.Off))
	if err != nil {
		return &format.Problem{Offset: a.base + un.Off, Err: err}
	}
	g.Draft = a.c.in.draft
	for h, err := range g.Headers() {
		if err != nil {
			return &format.Problem{Offset: a.base + un.Off, Err: err}
		}
		header := h.Header
		if err := a.c.spool.Announce(&header); err != nil {
			a.c.refuse(h.Path, err)
			continue
		}
		l := tarwriter.Link{Header: header, Duplicate: h.Duplicate}
		if err := a.c.spool.W.AddToGroup(l); err != nil {
			return err
		}
	}
	return nil
}
