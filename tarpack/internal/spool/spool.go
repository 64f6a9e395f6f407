// Package spool takes the entries of an archive in any order, and makes of them something that can
// be read like an archive.
//
//	Announce, Add ──► one temporary file with the members ─┐
//	             └──► another one with the records         ├─► Archive ──► *base.Archive
//	                                   paths, hard links ──┘
//
// Call [New], then for each entry [Spool.Announce], and [Spool.Add] once its members are written
// ([Spool] is a packer.EntrySink, which does that). [Spool.Archive] makes the index and the missing
// parents. Write the archive with package rewrite, which brings the entries into order.
package spool

import (
	"bufio"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/output"
	"github.com/tarpack/tpk/tarpack/internal/tarwriter"
)

// A Spool takes entries in any order. Where a path comes several times the last entry counts. The
// file that a hard link leads to is decided when the link is announced.
//
// For each entry it takes some 40 bytes of memory; the rest is on disk.
type Spool struct {
	W        *tarwriter.Writer // writes members to the temporary file
	Made     uint32            // missing directories that Archive has made
	MadeFrom *sidecar.Index    // has mode and time of missing directories; nil: nothing is known

	name    string   // of the archive; names of temporary files begin with it
	file    *os.File // members
	shared  bool     // the file has the members of other spools as well
	records *os.File // a record for each entry that came, in the order of Announce
	buf     *bufio.Writer
	enc     recordWriter
	sink    func(build.Item) error // takes items instead of records, once those are complete
	problem func(*format.Problem)
	groups  base.GroupCache

	withSums bool
	sums     build.SumLog // of MiBs, of all items

	seq   uint32 // number of the next entry
	paths paths
	links hardlinks
}

// New returns a Spool for the archive name, whose lock the caller holds. It calls progress for each
// entry whose members are written, and problem for each that is refused. With sums, items have
// their SHA-256 sums, and so has the index of the Archive.
func New(
	name string, sums bool, progress func(format.Progress), problem func(*format.Problem),
) (*Spool, error) {
	file, err := durable.UnlinkedTemp(name, durable.ScratchSpool)
	if err != nil {
		return nil, err
	}
	s, err := NewIn(file, name, sums, progress, problem)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	s.shared = false
	return s, nil
}

// NewIn is New for a Spool whose members are appended to file. The caller closes file, after the
// Archive. Many archives that are read at once need only one file so.
func NewIn(
	file *os.File, name string, sums bool, progress func(format.Progress),
	problem func(*format.Problem),
) (*Spool, error) {
	s := &Spool{
		name: name, file: file, shared: true, problem: problem, paths: newPaths(),
		links: newHardlinks(), withSums: sums,
	}
	start, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	if s.records, err = durable.UnlinkedTemp(name, durable.ScratchRecords); err != nil {
		return nil, err
	}
	s.buf = bufio.NewWriterSize(s.records, output.WriteSize)
	s.enc = recordWriter{w: s.buf}
	out := &output.Writer{
		W: file, File: file, Off: start, Done: output.Done{Written: start, Started: start},
	}
	if s.W, err = tarwriter.New(out, progress); err != nil {
		return nil, errors.Join(err, s.records.Close())
	}
	s.W.Index = s
	return s, nil
}

// Close gives up the records. The members belong to the result of Archive, or are given up by
// Abort.
func (s *Spool) Close() {
	s.records.Close()
	s.sums.Close()
}

// Abort gives up the members, instead of Archive or after an error of it.
func (s *Spool) Abort() error {
	if s.shared {
		return nil
	}
	return s.file.Close()
}

// paths knows the last entry of each path, by two hashes of it.
type paths struct {
	seeds [2]maphash.Seed
	last  map[[2]uint64]pathEntry
}

// A pathEntry is the last entry that was announced for a path.
type pathEntry struct {
	seq uint32
	typ sidecar.Type
}

func newPaths() paths {
	seeds := [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}
	return paths{seeds: seeds, last: map[[2]uint64]pathEntry{}}
}

func (p *paths) key(path string) [2]uint64 {
	return [2]uint64{maphash.String(p.seeds[0], path), maphash.String(p.seeds[1], path)}
}

func (p *paths) get(path string) (pathEntry, bool) {
	e, ok := p.last[p.key(path)]
	return e, ok
}

func (p *paths) set(path string, e pathEntry) { p.last[p.key(path)] = e }

// isLast reports whether the entry seq is the last one of its path.
func (p *paths) isLast(path string, seq uint32) bool { return p.last[p.key(path)].seq == seq }

// hardlinks knows which entries are hard links to which files, by their numbers.
type hardlinks struct {
	links   map[uint32]hardlink
	targets map[uint32]bool // files to which hard links lead
	// other holds symbolic links and special files: a hard link to one becomes a copy of it.
	other map[uint32]format.Header
	// replaced holds files to which hard links lead, but whose path has a later entry.
	replaced map[uint32]build.Item
	// moved holds the path of the hard link that became the file instead of a replaced one: one of
	// its other names, and one duplicate, which is a file of its own.
	moved map[movedLink]string
}

// A movedLink is a kind of links to a file that was replaced.
type movedLink struct {
	file      uint32
	duplicate bool
}

// A hardlink leads to a file.
type hardlink struct {
	file uint32
	path string // of the file, when the link was announced
}

func newHardlinks() hardlinks {
	return hardlinks{
		links: map[uint32]hardlink{}, targets: map[uint32]bool{}, other: map[uint32]format.Header{},
		replaced: map[uint32]build.Item{}, moved: map[movedLink]string{},
	}
}

// Announce notes an entry whose members are about to be written. In the header of a hard link it
// puts the path of the file. A link to anything else becomes a copy of that header. The error is
// the reason why the entry cannot be taken.
func (s *Spool) Announce(h *format.Header) error {
	if h.Type == sidecar.TypeHardlink {
		if err := s.resolve(h); err != nil {
			return err
		}
	}
	switch h.Type {
	case sidecar.TypeFile, sidecar.TypeDir, sidecar.TypeHardlink:
	default:
		s.links.other[s.seq] = *h
	}
	s.paths.set(h.Path, pathEntry{s.seq, h.Type})
	s.seq++
	return nil
}

// resolve finds what a hard link leads to.
func (s *Spool) resolve(h *format.Header) error {
	l := &s.links
	to, ok := s.paths.get(h.Link)
	switch {
	case !ok:
		return fmt.Errorf("a hard link to %s, which is not there", format.Printable(h.Link))
	case to.typ == sidecar.TypeDir:
		return fmt.Errorf("a hard link to %s, a directory", format.Printable(h.Link))
	case to.typ == sidecar.TypeFile:
		l.links[s.seq] = hardlink{to.seq, h.Link}
	case to.typ == sidecar.TypeHardlink:
		l.links[s.seq] = l.links[to.seq]
	default:
		path := h.Path
		*h = l.other[to.seq]
		h.Path = path
		return nil
	}
	link := l.links[s.seq]
	if h.Link = link.path; h.Link == h.Path { // itself, or an earlier file of its path
		delete(l.links, s.seq)
		return ErrSelf
	}
	l.targets[link.file] = true
	return nil
}

// ErrSelf means that a hard link leads to its own path, so there is nothing to do.
var ErrSelf = errors.New("a hard link to itself")

// Has reports whether an entry was announced for the path.
func (s *Spool) Has(path string) bool {
	_, ok := s.paths.get(path)
	return ok
}

// Add takes an entry whose members are written.
func (s *Spool) Add(it build.Item) error {
	if s.sink != nil {
		return s.sink(it)
	}
	r := record{Item: it}
	r.MiBSums = nil // they do not go into the record, because a file may have any number of them
	if it.MiBSums != nil {
		var err error
		r.HasMiBSums = true
		n := sidecar.NumMiBSums(it.Size)
		if r.FirstSum, err = s.sums.Add(it.MiBSums, n); err != nil {
			return err
		}
	}
	return s.enc.write(&r)
}

// Refuse notes that an entry which was announced cannot be written.
func (s *Spool) Refuse(pr *format.Problem) error {
	s.problem(pr)
	return s.enc.write(&record{})
}
