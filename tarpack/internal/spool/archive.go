package spool

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/output"
	"github.com/tarpack/tpk/tarpack/internal/tarwriter"
)

// LeaveOutSums makes an index without SHA-256 sums, although the contents have them.
func (s *Spool) LeaveOutSums() { s.withSums = false }

// Archive makes the index, after the last entry, and returns all entries as an archive. The caller
// closes it.
func (s *Spool) Archive(ctx context.Context) (a *base.Archive, err error) {
	if err := errors.Join(s.buf.Flush(), s.W.Flush()); err != nil {
		return nil, err
	}
	if _, err := s.records.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	b := build.New(build.Options{Unordered: true, SHA256: s.withSums})
	defer func() { err = errors.Join(err, b.Close()) }()
	s.sink = b.Add
	dec := recordReader{r: bufio.NewReaderSize(s.records, output.WriteSize)}
	for seq := uint32(0); ; seq++ {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		var r record
		if err := dec.read(&r); err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
		if r.HasMiBSums {
			r.MiBSums = s.sums.From(r.FirstSum)
		}
		if err := s.place(seq, &r.Item); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(s.W.FlushGroup(), s.W.Flush()); err != nil {
		return nil, err
	}
	return s.finish(b)
}

// finish writes the index and opens it.
func (s *Spool) finish(b *build.Builder) (*base.Archive, error) {
	size := s.W.Off + format.EndSize // as if the trailer were there
	x, err := indexed.InFile(s.name, func(f *os.File) error {
		_, _, err := b.Finish(f, size)
		return err
	})
	if err != nil {
		return nil, err
	}
	file := &archivefile.File{Name: s.name, OSFile: s.file, Shared: s.shared, Size: size}
	a := &base.Archive{File: &indexed.File{File: file, Index: x}}
	if err := a.FindGenuine(func(string) bool { return true }); err != nil {
		return nil, errors.Join(err, x.Close()) // the members stay, for Abort
	}
	return a, nil
}

// place decides what becomes of an entry, now that all are known.
func (s *Spool) place(seq uint32, it *build.Item) error {
	if it.Type == 0 {
		return nil // it was refused
	}
	last := s.paths.isLast(it.Path, seq)
	if last {
		if err := s.makeParents(it); err != nil {
			s.problem(&format.Problem{Path: it.Path, Offset: -1, Err: err})
			last = false
		}
	}
	if !last {
		if s.links.targets[seq] {
			s.links.replaced[seq] = *it
		}
		return nil
	}
	if it.Type != sidecar.TypeHardlink {
		return s.sink(*it)
	}
	return s.placeLink(seq, it)
}

// placeLink decides what becomes of a hard link that is the last entry of its path.
func (s *Spool) placeLink(seq uint32, it *build.Item) error {
	l := s.links.links[seq]
	if to, ok := s.links.moved[movedLink{l.file, it.Duplicate}]; ok {
		// In an index the link comes after the file, which has only now been written.
		h, err := s.header(it)
		if err != nil {
			return err
		}
		h.Link = to
		return s.W.AddToGroup(tarwriter.Link{Header: h, Duplicate: it.Duplicate})
	}
	if file, ok := s.links.replaced[l.file]; ok {
		return s.takeOver(l.file, &file, it)
	}
	if !s.paths.isLast(l.path, l.file) {
		err := fmt.Errorf("a hard link to %s, which is refused", format.Printable(l.path))
		s.problem(&format.Problem{Path: it.Path, Offset: -1, Err: err})
		return nil
	}
	return s.sink(*it)
}

// header reads the header of an entry without content.
func (s *Spool) header(it *build.Item) (format.Header, error) {
	g, err := s.groups.Read(s.file, &it.Entry)
	return g.Headers[it.Path], err
}

// takeOver makes a hard link the file that it leads to, which was replaced at its own path.
func (s *Spool) takeOver(seq uint32, file, link *build.Item) error {
	h, err := s.header(link)
	if err != nil {
		return err
	}
	h.Type, h.Link, h.Size = sidecar.TypeFile, "", file.Size
	head, err := s.W.WriteHeader(&h)
	if err != nil {
		return err
	}
	content := file.ContentOffset()
	file.Path, file.Mode, file.ModTime = link.Path, link.Mode, link.ModTime
	file.Offset, file.HeaderLen = head.Offset, head.HeaderLen
	if err := s.W.Copy(s.file, content, file.ContentLen+int64(file.PadLen)); err != nil {
		return err
	}
	s.links.moved[movedLink{seq, link.Duplicate}] = link.Path
	return s.sink(*file)
}

// makeParents makes the directories that are missing above an entry. Anything else in the place of
// one is an error.
func (s *Spool) makeParents(it *build.Item) error {
	for i := range len(it.Path) {
		if it.Path[i] != '/' {
			continue
		}
		dir := it.Path[:i]
		at, ok := s.paths.get(dir)
		if !ok {
			if err := s.makeDir(strings.Clone(dir), it.ModTime); err != nil {
				return err
			}
		} else if at.typ != sidecar.TypeDir {
			return fmt.Errorf("it is below %s, a %s", format.Printable(dir), at.typ)
		}
	}
	return nil
}

// makeDir makes a missing directory, with mode and time from MadeFrom if they are known.
func (s *Spool) makeDir(dir string, modTime int64) error {
	h := format.Header{Path: dir, Type: sidecar.TypeDir, Mode: format.MissingDirMode, ModTime: modTime}
	if e, ok := s.known(dir); ok {
		h.Mode, h.ModTime = e.Mode, e.ModTime
	}
	s.Made++
	if err := s.W.AddToGroup(tarwriter.Link{Header: h}); err != nil {
		return err
	}
	s.paths.set(dir, pathEntry{madeSeq, sidecar.TypeDir})
	return nil
}

// madeSeq is the number of directories that were missing.
const madeSeq = ^uint32(0)

// IsMade reports whether Archive has made the directory, because it was missing.
func (s *Spool) IsMade(path string) bool { return s.paths.isLast(path, madeSeq) }

// known returns what MadeFrom has of a missing directory.
func (s *Spool) known(dir string) (e sidecar.Entry, ok bool) {
	if s.MadeFrom == nil {
		return e, false
	}
	i, ok, err := s.MadeFrom.Lookup(dir)
	if err == nil && ok {
		e, err = s.MadeFrom.Entry(i)
	}
	return e, err == nil && ok && e.Type == sidecar.TypeDir
}
