package tarpack

import (
	"bufio"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"strings"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
)

// A spool takes in entries in any order, while they come, and makes of them something that a rewrite can read as an archive:
// one temporary file with their members, as an archive has them, and an index of it. Where a path comes several times the last
// one counts; what hard links lead to is decided when they come.
//
// For each entry it holds some 40 bytes in memory, the rest is on disk.
type spool struct {
	p       *packer
	name    string // what their names begin with
	file    *os.File
	records *os.File // an item for each entry that came
	w       *bufio.Writer
	enc     *gob.Encoder
	sink    func(build.Item) error // takes the items instead of records, once those are complete
	problem func(*Problem)
	groups  groupCache

	seeds    [2]maphash.Seed
	names    map[[2]uint64]spooled // by path, the last entry of each
	seq      uint32                // of the next entry
	links    map[uint32]spoolLink  // of the hard links, by seq
	roots    map[uint32]bool       // files to which hard links lead
	other    map[uint32]Header     // links and special files, for the hard links to them
	dead     map[uint32]build.Item // files that are not at their path any more, but hard links lead to them
	made     uint32                // directories that were missing
	madeFrom *sidecar.Index        // what is known of missing directories; nil: nothing
	moved    map[uint32]string     // of dead ones, the path of the hard link that became the file
}

type spooled struct {
	seq uint32
	typ sidecar.Type
}

// A spoolLink says to which file a hard link leads.
type spoolLink struct {
	file uint32
	path string // of the file, when the link came
}

func newSpool(p *packer, out string, problem func(*Problem)) (*spool, error) {
	s := &spool{
		p: p, name: out, problem: problem,
		seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
		names: map[[2]uint64]spooled{}, links: map[uint32]spoolLink{}, roots: map[uint32]bool{}, other: map[uint32]Header{},
		dead: map[uint32]build.Item{}, moved: map[uint32]string{},
	}
	var err error
	if s.file, err = unlinkedTemp(out + ".spool"); err != nil {
		return nil, err
	}
	if s.records, err = unlinkedTemp(out + ".records"); err != nil {
		return nil, errors.Join(err, s.file.Close())
	}
	s.w = bufio.NewWriterSize(s.records, writeSize)
	s.enc = gob.NewEncoder(s.w)
	p.out = &writer{w: s.file, file: s.file}
	p.spool = s
	return s, nil
}

// unlinkedTemp opens a temporary file beside name that is gone when it is closed, however that comes about. Who calls it holds the lock of
// the archive, so what stands there is what a killed process left.
func unlinkedTemp(name string) (*os.File, error) {
	f, err := openTemp(tempName(name))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(os.Remove(f.Name()), f.Truncate(0)); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// close gives up the temporary files; what was made of them is closed by its owner.
func (s *spool) close() { s.records.Close() }

func (s *spool) key(path string) [2]uint64 {
	return [2]uint64{maphash.String(s.seeds[0], path), maphash.String(s.seeds[1], path)}
}

// announce takes note of an entry that is about to be submitted. Of a hard link it finds the file; h may become a copy of what it
// links to, if that is no file.
func (s *spool) announce(h *Header) error {
	if h.Type == sidecar.TypeHardlink {
		to, ok := s.names[s.key(h.Link)]
		switch {
		case !ok:
			return fmt.Errorf("a hard link to %s, which is not there", printable(h.Link))
		case to.typ == sidecar.TypeDir:
			return fmt.Errorf("a hard link to %s, a directory", printable(h.Link))
		case to.typ == sidecar.TypeFile:
			s.links[s.seq] = spoolLink{to.seq, h.Link}
		case to.typ == sidecar.TypeHardlink:
			s.links[s.seq] = s.links[to.seq]
		default:
			path := h.Path
			*h = s.other[to.seq]
			h.Path = path
		}
		if l, ok := s.links[s.seq]; ok {
			if h.Link = l.path; h.Link == h.Path { // itself, or an earlier file of its path
				delete(s.links, s.seq)
				return errSelf
			}
			s.roots[l.file] = true
		}
	}
	switch h.Type {
	case sidecar.TypeFile, sidecar.TypeDir, sidecar.TypeHardlink:
	default:
		s.other[s.seq] = *h
	}
	s.names[s.key(h.Path)] = spooled{s.seq, h.Type}
	s.seq++
	return nil
}

// errSelf: a hard link leads to its own path, so there is nothing to do.
var errSelf = errors.New("a hard link to itself")

// add takes an entry that is in the file now.
func (s *spool) add(it build.Item) error {
	if s.sink != nil {
		return s.sink(it)
	}
	return s.enc.Encode(it)
}

// refuse takes note that an entry which was announced does not come.
func (s *spool) refuse(pr *Problem) error {
	s.problem(pr)
	return s.enc.Encode(&build.Item{})
}

// archive makes the index, and gives all as if it were an archive.
func (s *spool) archive(ctx context.Context) (k *keptArchive, err error) {
	if err := errors.Join(s.w.Flush(), s.p.out.flush()); err != nil {
		return nil, err
	}
	if _, err := s.records.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	b := build.New(build.Options{Unordered: true})
	defer func() { err = errors.Join(err, b.Close()) }()
	s.sink = b.Add
	dec := gob.NewDecoder(bufio.NewReaderSize(s.records, writeSize))
	for seq := uint32(0); ; seq++ {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		var it build.Item
		if err := dec.Decode(&it); err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
		if err := s.place(seq, &it); err != nil {
			return nil, err
		}
	}
	if err := s.p.flushGroup(); err != nil {
		return nil, err
	}
	if err := s.p.out.flush(); err != nil {
		return nil, err
	}
	return s.finish(b)
}

// finish writes the index and opens it.
func (s *spool) finish(b *build.Builder) (*keptArchive, error) {
	f, err := openTemp(tempName(s.name + ".index"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	defer os.Remove(f.Name())
	if err := f.Truncate(0); err != nil {
		return nil, err
	}
	size := s.p.out.off + TrailerSize // which an archive would have
	if _, _, err := b.Finish(f, size); err != nil {
		return nil, err
	}
	x, err := sidecar.Open(f.Name())
	if err != nil {
		return nil, err
	}
	k := &keptArchive{Archive: &Archive{name: s.name, file: s.file, size: size, index: x}}
	return k, k.findGenuine(func(string) bool { return true })
}

// place decides what becomes of an entry, now that all have come.
func (s *spool) place(seq uint32, it *build.Item) error {
	if it.Type == 0 {
		return nil
	}
	live := s.names[s.key(it.Path)].seq == seq
	if live {
		if err := s.makeParents(it); err != nil {
			s.problem(&Problem{Path: it.Path, Offset: -1, Err: err})
			live = false
		}
	}
	if !live {
		if s.roots[seq] {
			s.dead[seq] = *it
		}
		return nil
	}
	if it.Type != sidecar.TypeHardlink {
		return s.sink(*it)
	}
	l := s.links[seq]
	if to, ok := s.moved[l.file]; ok {
		// An index wants the link to come after the file, which has only now been written.
		h, err := s.header(it)
		if err != nil {
			return err
		}
		h.Link = to
		return s.p.addToGroup(link{header: h, duplicate: it.Duplicate})
	} else if file, ok := s.dead[l.file]; ok {
		return s.takeOver(l.file, &file, it)
	} else if s.names[s.key(l.path)].seq != l.file {
		s.problem(&Problem{Path: it.Path, Offset: -1, Err: fmt.Errorf("a hard link to %s, which is refused", printable(l.path))})
		return nil
	}
	return s.sink(*it)
}

// header reads the header of an entry without content.
func (s *spool) header(it *build.Item) (Header, error) {
	g, err := s.groups.read(s.file, &it.Entry)
	return g.headers[it.Path], err
}

// takeOver makes a hard link the file that it leads to, which is not at its own path any more.
func (s *spool) takeOver(seq uint32, file, link *build.Item) error {
	h, err := s.header(link)
	if err != nil {
		return err
	}
	h.Type, h.Link, h.Size = sidecar.TypeFile, "", file.Size
	head, err := s.p.writeHeader(&h)
	if err != nil {
		return err
	}
	content := file.ContentOffset()
	file.Path, file.Mode, file.ModTime = link.Path, link.Mode, link.ModTime
	file.Offset, file.HeaderLen = head.Offset, head.HeaderLen
	if err := s.p.out.copy(s.file, content, file.ContentLen+int64(file.PadLen)); err != nil {
		return err
	}
	s.moved[seq] = link.Path
	return s.sink(*file)
}

// makeParents makes the directories that are missing above an entry. What is there instead of one is an error.
func (s *spool) makeParents(it *build.Item) error {
	for i := range len(it.Path) {
		if it.Path[i] != '/' {
			continue
		}
		dir := it.Path[:i]
		switch at, ok := s.names[s.key(dir)]; {
		case !ok:
			h := Header{Path: strings.Clone(dir), Type: sidecar.TypeDir, Mode: madeMode, ModTime: it.ModTime}
			if e, ok := s.known(dir); ok {
				h.Mode, h.ModTime = e.Mode, e.ModTime
			}
			s.made++
			if err := s.p.addToGroup(link{header: h}); err != nil {
				return err
			}
			s.names[s.key(dir)] = spooled{madeSeq, sidecar.TypeDir}
		case at.typ != sidecar.TypeDir:
			return fmt.Errorf("it is below %s, a %s", printable(dir), at.typ)
		}
	}
	return nil
}

// madeSeq stands for the seq of directories that were missing.
const madeSeq = ^uint32(0)

// isMade tells whether the directory was missing.
func (s *spool) isMade(path string) bool { return s.names[s.key(path)].seq == madeSeq }

// known returns what madeFrom has of a missing directory.
func (s *spool) known(dir string) (e sidecar.Entry, ok bool) {
	if s.madeFrom == nil {
		return e, false
	}
	i, ok, err := s.madeFrom.Lookup(dir)
	if err == nil && ok {
		e, err = s.madeFrom.Entry(i)
	}
	return e, err == nil && ok && e.Type == sidecar.TypeDir
}
