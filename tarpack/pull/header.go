package pull

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/internal/order"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
)

// firstBytes is the length of the header of a C.
const firstBytes int64 = 10

// planHeaders decides which tar headers are made. Without a signature some are fetched, to see
// whether the others are right.
func (j *job) planHeaders() error {
	signed := j.from.Signed() != nil
	next := false // the piece after this one is fetched
	for k := len(j.pieces) - 1; k >= 0; k-- {
		p := &j.pieces[k]
		if p.part != partHeader && p.part != partGroup {
			next = p.how == fetched
			continue
		}
		if !next || signed { // a header before what is fetched costs no request
			b, err := j.makeHeader(p)
			if err != nil {
				return err
			}
			if b != nil {
				p.how = made
			}
		}
		next = false
	}
	if !signed {
		j.planProbes()
	}
	return nil
}

// probedGroups is how many of the largest groups are fetched, which show the order of headers best.
const probedGroups = 3

// planProbes makes some headers fetched ones that could be made: the first, the last, and those of
// the largest groups.
func (j *job) planProbes() {
	var probes []*piece // the largest groups, the smallest of them first
	var first, last *piece
	for k := range j.pieces {
		p := &j.pieces[k]
		if p.how != made || p.part != partHeader && p.part != partGroup {
			continue
		}
		if last = p; first == nil {
			first = p
		}
		if p.part != partGroup || len(j.groups[p.i]) < 2 {
			continue
		}
		at := 0
		for at < len(probes) && len(j.groups[p.i]) > len(j.groups[probes[at].i]) {
			at++
		}
		if probes = slices.Insert(probes, at, p); len(probes) > probedGroups {
			probes = probes[1:]
		}
	}
	for _, p := range append(probes, first, last) {
		if p != nil {
			p.how = fetched
		}
	}
}

// makeHeader returns the bytes of a piece that is an H or a G, or nil if they would not have the
// right length. With a signature an entry may have the owner that it has in the old archive.
func (j *job) makeHeader(p *piece) ([]byte, error) {
	if j.from.Signed() != nil && j.old != nil {
		if b, err := j.encodeHeader(p, true); b != nil || err != nil {
			return b, err
		}
	}
	return j.encodeHeader(p, false)
}

func (j *job) encodeHeader(p *piece, withOwner bool) ([]byte, error) {
	headers, err := j.headersOf(p, withOwner)
	if err != nil {
		return nil, err
	}
	var blocks []byte
	for k := range headers {
		if blocks, err = format.AppendHeader(blocks, &headers[k].Header); err != nil {
			return nil, nil // the index has what a header can't have
		}
	}
	var b []byte
	if p.part == partHeader {
		b = gzmember.AppendTarHeader(nil, blocks)
	} else {
		b = j.encoder.AppendMember(nil, blocks, format.DuplicateBits(len(headers),
			func(k int) bool { return headers[k].Duplicate }))
	}
	if int64(len(b)) != p.n {
		return nil, nil
	}
	return b, nil
}

// headersOf returns the headers of a piece as the index has them, in the order of pack.
func (j *job) headersOf(p *piece, withOwner bool) ([]format.GroupHeader, error) {
	entries := []uint32{p.i}
	if p.part == partGroup {
		entries = j.groups[p.i]
	}
	headers := make([]format.GroupHeader, len(entries))
	for k, i := range entries {
		e, err := j.index.Entry(int(i))
		if err != nil {
			return nil, err
		}
		path, err := j.index.Path(int(i))
		if err != nil {
			return nil, err
		}
		h := format.Header{Path: path, Type: e.Type, Mode: e.Mode, ModTime: e.ModTime,
			DevMajor: e.DevMajor, DevMinor: e.DevMinor}
		switch e.Type {
		case sidecar.TypeFile:
			h.Size = e.Size
		case sidecar.TypeSymlink, sidecar.TypeHardlink:
			if h.Link, err = j.index.Link(int(i)); err != nil {
				return nil, err
			}
		}
		if withOwner {
			j.addOwner(&h)
		}
		headers[k] = format.GroupHeader{Header: h, Duplicate: e.Duplicate}
	}
	order.Sort(headers, func(a, b format.GroupHeader) int {
		return compareOrder(&a.Header, &b.Header)
	})
	return headers, nil
}

// addOwner gives a header the owner that its path has in the old archive.
func (j *job) addOwner(h *format.Header) {
	i, ok, err := j.old.Index.Lookup(h.Path)
	if err != nil || !ok {
		return
	}
	e, err := j.old.Index.Entry(i)
	if err != nil {
		return
	}
	if was, err := j.old.Ref(i, &e).Header(); err == nil {
		h.UID, h.GID, h.Uname, h.Gname = was.UID, was.GID, was.Uname, was.Gname
	}
}

// compareOrder compares two entries without content by their places in an archive that was packed:
// a directory, the links and special files in it by name, each of its directories.
func compareOrder(a, b *format.Header) int {
	as, bs := strings.Split(a.Path, "/"), strings.Split(b.Path, "/")
	k := 0
	for k < len(as) && k < len(bs) && as[k] == bs[k] {
		k++
	}
	if k == len(as) || k == len(bs) {
		return len(as) - len(bs)
	}
	isDir := func(h *format.Header, path []string) bool {
		return k < len(path)-1 || h.Type == sidecar.TypeDir
	}
	if dir := isDir(a, as); dir != isDir(b, bs) {
		if dir {
			return 1
		}
		return -1
	}
	return strings.Compare(as[k], bs[k])
}

// checkHeaders compares the headers that were fetched with those that would be made. If that shows
// that a header can't be told from the index, all are to be fetched, and it returns false. These
// are many requests, so what was fetched is checked before.
func (j *job) checkHeaders(ctx context.Context) (bool, error) {
	if j.from.Signed() != nil || j.allHeaders {
		return true, nil
	}
	differs, wrong := false, []*piece(nil)
	for k := range j.pieces {
		p := &j.pieces[k]
		if p.part != partHeader && p.part != partGroup {
			continue
		}
		got, err := j.journal.read(p.off, p.n)
		if err != nil {
			return false, err
		}
		if got == nil {
			continue
		}
		if right, err := j.isHeader(p, got); err != nil {
			return false, err
		} else if !right {
			wrong = append(wrong, p)
			continue
		}
		b, err := j.makeHeader(p)
		if err != nil {
			return false, err
		}
		differs = differs || b != nil && !bytes.Equal(got, b) || b == nil && hasOwner(got)
	}
	if differs || len(wrong) > 0 {
		contents, err := j.wrongContents(ctx)
		if err != nil {
			return false, err
		}
		wrong = append(wrong, contents...)
	}
	switch {
	case len(wrong) > 0:
		return false, j.refetch(wrong)
	case differs:
		j.fetchHeaders()
		return false, nil
	}
	return true, nil
}

// fetchHeaders makes all headers fetched ones.
func (j *job) fetchHeaders() {
	j.allHeaders = true
	for k := range j.pieces {
		if p := &j.pieces[k]; p.part == partHeader || p.part == partGroup {
			p.how = fetched
		}
	}
}

// hasOwner reports whether a member H or G has an entry with an owner, or can't be read.
func hasOwner(member []byte) bool {
	g, err := format.ReadGroup(bytes.NewReader(member), 0, len(member))
	if err != nil {
		return true
	}
	for h, err := range g.Headers() {
		if err != nil || h.UID != 0 || h.GID != 0 || h.Uname != "" || h.Gname != "" {
			return true
		}
	}
	return false
}
