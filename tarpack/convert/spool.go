package convert

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
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/output"
	"github.com/tarpack/tpk/tarpack/internal/packer"
)

// A spool takes entries in any order and presents them as an archive that a rewrite can read: a
// temporary file with their members, and an index of it. If a path occurs several times the last
// entry counts. The target of a hard link is found when the link comes, as tar does it.
//
// It holds about 40 bytes in memory for each entry. The rest is on disk.
type spool struct {
	p       *packer.Packer
	name    string // prefix of the names of temporary files
	file    *os.File
	records *os.File // a build.Item for each entry, in the order of seq
	w       *bufio.Writer
	enc     *gob.Encoder
	addItem func(build.Item) error // adds to the index; nil while entries still come
	problem func(*format.Problem)
	groups  packer.GroupCache

	seeds       [2]maphash.Seed
	last        map[[2]uint64]lastEntry  // by path
	seq         uint32                   // number of the next entry
	links       map[uint32]spoolLink     // hard links, by seq
	targets     map[uint32]bool          // files that have hard links, by seq
	nonFiles    map[uint32]format.Header // other than files, by seq
	displaced   map[uint32]build.Item    // files that were replaced but have hard links, by seq
	numParents  uint32                   // number of directories that were missing
	parentIndex *sidecar.Index           // has attributes of missing directories; may be nil
	moved       map[uint32]string        // the hard links that became displaced files, by their seq
}

// A lastEntry is the last entry with a path.
type lastEntry struct {
	seq uint32
	typ sidecar.Type
}

// A spoolLink is the file that a hard link leads to.
type spoolLink struct {
	file uint32
	path string // of the file when the link came
}

func newSpool(p *packer.Packer, out string, problem func(*format.Problem)) (*spool, error) {
	s := &spool{
		p: p, name: out, problem: problem,
		seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
		last:  map[[2]uint64]lastEntry{}, links: map[uint32]spoolLink{}, moved: map[uint32]string{},
		targets: map[uint32]bool{}, nonFiles: map[uint32]format.Header{},
		displaced: map[uint32]build.Item{},
	}
	var err error
	if s.file, err = durable.UnlinkedTemp(out + ".spool"); err != nil {
		return nil, err
	}
	if s.records, err = durable.UnlinkedTemp(out + ".records"); err != nil {
		return nil, errors.Join(err, s.file.Close())
	}
	s.w = bufio.NewWriterSize(s.records, output.WriteSize)
	s.enc = gob.NewEncoder(s.w)
	p.Out = &output.Writer{W: s.file, File: s.file}
	p.Entries = s
	return s, nil
}

// close closes the temporary files, except the file that archive returns.
func (s *spool) close() { s.records.Close() }

func (s *spool) key(path string) [2]uint64 {
	return [2]uint64{maphash.String(s.seeds[0], path), maphash.String(s.seeds[1], path)}
}

// announce records an entry that is about to be submitted, and finds the target of a hard link. If
// the target is not a file, h becomes a copy of the target's header.
func (s *spool) announce(h *format.Header) error {
	if h.Type == sidecar.TypeHardlink {
		to, ok := s.last[s.key(h.Link)]
		switch {
		case !ok:
			return fmt.Errorf("a hard link to %s, which is not there", format.Printable(h.Link))
		case to.typ == sidecar.TypeDir:
			return fmt.Errorf("a hard link to %s, a directory", format.Printable(h.Link))
		case to.typ == sidecar.TypeFile:
			s.links[s.seq] = spoolLink{to.seq, h.Link}
		case to.typ == sidecar.TypeHardlink:
			s.links[s.seq] = s.links[to.seq]
		default:
			path := h.Path
			*h = s.nonFiles[to.seq]
			h.Path = path
		}
		if l, ok := s.links[s.seq]; ok {
			if h.Link = l.path; h.Link == h.Path { // or to an earlier file of its path
				delete(s.links, s.seq)
				return errSelf
			}
			s.targets[l.file] = true
		}
	}
	switch h.Type {
	case sidecar.TypeFile, sidecar.TypeDir, sidecar.TypeHardlink:
	default:
		s.nonFiles[s.seq] = *h
	}
	s.last[s.key(h.Path)] = lastEntry{s.seq, h.Type}
	s.seq++
	return nil
}

// errSelf: the hard link leads to itself, so it changes nothing.
var errSelf = errors.New("a hard link to itself")

// Add adds an entry that was written to the file.
func (s *spool) Add(it build.Item) error {
	if s.addItem != nil {
		return s.addItem(it)
	}
	return s.enc.Encode(it)
}

// Refuse records that an announced entry does not come.
func (s *spool) Refuse(pr *format.Problem) error {
	s.problem(pr)
	return s.enc.Encode(&build.Item{})
}

// archive builds the index and returns the file as an archive.
func (s *spool) archive(ctx context.Context) (k *packer.Base, err error) {
	if err := errors.Join(s.w.Flush(), s.p.Out.Flush()); err != nil {
		return nil, err
	}
	if _, err := s.records.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	b := build.New(build.Options{Unordered: true})
	defer func() { err = errors.Join(err, b.Close()) }()
	s.addItem = b.Add
	dec := gob.NewDecoder(bufio.NewReaderSize(s.records, output.WriteSize))
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
		if err := s.settle(seq, &it); err != nil {
			return nil, err
		}
	}
	if err := s.p.FlushGroup(); err != nil {
		return nil, err
	}
	if err := s.p.Out.Flush(); err != nil {
		return nil, err
	}
	return s.finish(b)
}

// finish writes the index and opens it.
func (s *spool) finish(b *build.Builder) (*packer.Base, error) {
	f, err := durable.OpenTemp(format.TempName(s.name + ".index"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	defer os.Remove(f.Name())
	if err := f.Truncate(0); err != nil {
		return nil, err
	}
	size := s.p.Out.Off + format.TrailerSize // of an archive with these entries
	if _, _, err := b.Finish(f, size); err != nil {
		return nil, err
	}
	x, err := sidecar.Open(f.Name())
	if err != nil {
		return nil, err
	}
	file := &archivefile.File{Name: s.name, OSFile: s.file, Size: size}
	k := &packer.Base{File: &indexed.File{File: file, Index: x}}
	return k, k.FindGenuine(func(string) bool { return true })
}

// settle decides which entry of the archive an entry becomes, if any. All entries have come by
// then.
func (s *spool) settle(seq uint32, it *build.Item) error {
	if it.Type == 0 {
		return nil
	}
	live := s.last[s.key(it.Path)].seq == seq
	if live {
		if err := s.makeParents(it); err != nil {
			s.problem(&format.Problem{Path: it.Path, Offset: -1, Err: err})
			live = false
		}
	}
	if !live {
		if s.targets[seq] {
			s.displaced[seq] = *it
		}
		return nil
	}
	if it.Type != sidecar.TypeHardlink {
		return s.addItem(*it)
	}
	l := s.links[seq]
	if to, ok := s.moved[l.file]; ok {
		// In an index a link follows its file, which was written just now.
		h, err := s.header(it)
		if err != nil {
			return err
		}
		h.Link = to
		return s.p.AddToGroup(packer.Link{Header: h, Duplicate: it.Duplicate})
	} else if file, ok := s.displaced[l.file]; ok {
		return s.takeOver(l.file, &file, it)
	} else if s.last[s.key(l.path)].seq != l.file {
		err := fmt.Errorf("a hard link to %s, which is refused", format.Printable(l.path))
		s.problem(&format.Problem{Path: it.Path, Offset: -1, Err: err})
		return nil
	}
	return s.addItem(*it)
}

// header reads the header of an entry without content.
func (s *spool) header(it *build.Item) (format.Header, error) {
	g, err := s.groups.Read(s.file, &it.Entry)
	return g.Headers[it.Path], err
}

// takeOver turns a hard link into its target, a file that another entry has displaced.
func (s *spool) takeOver(seq uint32, file, link *build.Item) error {
	h, err := s.header(link)
	if err != nil {
		return err
	}
	h.Type, h.Link, h.Size = sidecar.TypeFile, "", file.Size
	head, err := s.p.WriteHeader(&h)
	if err != nil {
		return err
	}
	content := file.ContentOffset()
	file.Path, file.Mode, file.ModTime = link.Path, link.Mode, link.ModTime
	file.Offset, file.HeaderLen = head.Offset, head.HeaderLen
	if err := s.p.Out.Copy(s.file, content, file.ContentLen+int64(file.PadLen)); err != nil {
		return err
	}
	s.moved[seq] = link.Path
	return s.addItem(*file)
}

// makeParents creates the missing directories above an entry. A parent that is not a directory is
// an error.
func (s *spool) makeParents(it *build.Item) error {
	for i := range len(it.Path) {
		if it.Path[i] != '/' {
			continue
		}
		dir := it.Path[:i]
		switch at, ok := s.last[s.key(dir)]; {
		case !ok:
			h := format.Header{
				Path: strings.Clone(dir), Type: sidecar.TypeDir, Mode: format.MissingDirMode, ModTime: it.ModTime,
			}
			if e, ok := s.parentEntry(dir); ok {
				h.Mode, h.ModTime = e.Mode, e.ModTime
			}
			s.numParents++
			if err := s.p.AddToGroup(packer.Link{Header: h}); err != nil {
				return err
			}
			s.last[s.key(dir)] = lastEntry{parentSeq, sidecar.TypeDir}
		case at.typ != sidecar.TypeDir:
			return fmt.Errorf("it is below %s, a %s", format.Printable(dir), at.typ)
		}
	}
	return nil
}

// parentSeq is the seq of all directories that were missing.
const parentSeq = ^uint32(0)

// isCreatedParent reports whether the directory was missing.
func (s *spool) isCreatedParent(path string) bool { return s.last[s.key(path)].seq == parentSeq }

// parentEntry returns the entry of a missing directory in parentIndex.
func (s *spool) parentEntry(dir string) (e sidecar.Entry, ok bool) {
	if s.parentIndex == nil {
		return e, false
	}
	i, ok, err := s.parentIndex.Lookup(dir)
	if err == nil && ok {
		e, err = s.parentIndex.Entry(i)
	}
	return e, err == nil && ok && e.Type == sidecar.TypeDir
}
