package export

import (
	"sort"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
)

// A zip (PKWARE APPNOTE 6.3.10) has the entries in path order, then the central directory, then the
// end records. All of its metadata comes from the index, so the length of each part is known in
// advance. The body of an entry is the deflate stream of its content member. If that is stored, the
// body is the content between the headers of the stored blocks.
//
// Hard links become files. FIFOs and devices are left out, because zip has no common form for them.
// Files have no setuid and setgid bits: the index doesn't have owners, so the zip doesn't either,
// and the program would be that of whoever extracts it.

// zipStride is the number of entries from one mark to the next.
const zipStride = 256

// A zipMark has the offset of an entry, and that of its record relative to the central directory.
type zipMark struct{ local, central int64 }

// A zipLayout is the layout of a zip.
type zipLayout struct {
	d     *folder
	marks []zipMark // of every zipStride-th entry of the folder
	count int       // number of entries in the zip
	start int64     // offset of the central directory
	end   int64     // end of the central directory
}

// layOutZip returns the layout of a zip, its size in bytes, and the number of its entries.
func layOutZip(d *folder) (layout, int64, int, error) {
	z := &zipLayout{d: d, marks: make([]zipMark, 0, d.count/zipStride+1)}
	var at zipMark
	var e zipEntry
	n := 0
	for row, err := range d.rows(0) {
		if err != nil {
			return nil, 0, 0, err
		}
		if n%zipStride == 0 {
			z.marks = append(z.marks, at)
		}
		n++
		if ok, err := e.set(d, &row); err != nil {
			return nil, 0, 0, err
		} else if !ok {
			continue
		}
		e.at = at.local
		at.local += e.localLength() + e.compressed
		at.central += e.centralLength()
		z.count++
	}
	z.start, z.end = at.local, at.local+at.central
	return z, z.end + z.endLength(), z.count, nil
}

// spans implements layout.
func (z *zipLayout) spans(off, end int64, yield func(Span) bool) error {
	if off < z.start {
		if more, err := z.entries(off, min(end, z.start), yield); !more || err != nil {
			return err
		}
	}
	if off < z.end && end > z.start {
		if more, err := z.directory(off, min(end, z.end), yield); !more || err != nil {
			return err
		}
	}
	if end > z.end {
		if s := (Span{Bytes: z.appendEnd(nil)}).clip(z.end, off, end); s.Len() > 0 {
			yield(s)
		}
	}
	return nil
}

// entries yields the bytes from off to end, which lie before the central directory. More is false
// if yield has returned false.
func (z *zipLayout) entries(off, end int64, yield func(Span) bool) (more bool, err error) {
	after := sort.Search(len(z.marks), func(i int) bool { return z.marks[i].local > off })
	k := max(after-1, 0)
	at := z.marks[k].local
	var e zipEntry
	var buf []byte
	for row, err := range z.d.rows(k * zipStride) {
		if err != nil {
			return false, err
		}
		if at >= end {
			break
		}
		ok, err := e.set(z.d, &row)
		if err != nil {
			return false, err
		}
		if !ok {
			continue
		}
		head := e.localLength()
		if next := at + head + e.compressed; next <= off {
			at = next
			continue
		}
		if err := e.readLink(z.d, row.Ordinal); err != nil {
			return false, err
		}
		buf = e.appendLocal(buf[:0])
		if s := (Span{Bytes: buf}).clip(at, off, end); s.Len() > 0 && !yield(s) {
			return false, nil
		}
		if !e.body(at+head, off, end, yield) {
			return false, nil
		}
		at += head + e.compressed
	}
	return true, nil
}

// body yields the part between off and end of an entry's body, which begins at offset at. It
// returns false if yield has.
func (e *zipEntry) body(at, off, end int64, yield func(Span) bool) bool {
	if e.link != nil {
		s := Span{Bytes: e.link}.clip(at, off, end)
		return s.Len() == 0 || yield(s)
	}
	if !e.blocks {
		s := Span{Offset: e.content, Length: e.compressed}.clip(at, off, end)
		return s.Len() == 0 || yield(s)
	}
	// The content lies between the headers of stored blocks.
	first := max(off-at, 0)
	const block = coding.StoredBlock
	for i := first / block * block; i < e.size && at+i < end; i += block {
		n := min(block, e.size-i)
		s := Span{Offset: e.content + gzmember.StoredOffset(i), Length: n}.clip(at+i, off, end)
		if s.Len() > 0 && !yield(s) {
			return false
		}
	}
	return true
}

// directory yields the bytes from off to end that lie in the central directory. More is false if
// yield has returned false.
func (z *zipLayout) directory(off, end int64, yield func(Span) bool) (more bool, err error) {
	after := sort.Search(len(z.marks), func(i int) bool { return z.start+z.marks[i].central > off })
	k := max(after-1, 0)
	at, local := z.start+z.marks[k].central, z.marks[k].local
	var e zipEntry
	var buf []byte
	for row, err := range z.d.rows(k * zipStride) {
		if err != nil {
			return false, err
		}
		if at >= end {
			break
		}
		ok, err := e.set(z.d, &row)
		if err != nil {
			return false, err
		}
		if !ok {
			continue
		}
		e.at = local
		local += e.localLength() + e.compressed
		length := e.centralLength()
		if at+length > off {
			if err := e.readLink(z.d, row.Ordinal); err != nil {
				return false, err
			}
			buf = e.appendCentral(buf[:0])
			if s := (Span{Bytes: buf}).clip(at, off, end); s.Len() > 0 && !yield(s) {
				return false, nil
			}
		}
		at += length
	}
	return true, nil
}

// set sets e to the entry of a row. It returns false if a zip cannot have the entry.
func (e *zipEntry) set(d *folder, row *sidecar.Row) (bool, error) {
	if len(row.Path) <= d.trim && d.trim > 0 {
		return false, nil // the folder to which names are relative, or one above it
	}
	r := row.Entry
	*e = zipEntry{name: e.name[:0], dos: e.dos, modTime: r.ModTime, mode: uint32(r.Mode)}
	switch r.Type {
	case sidecar.TypeHardlink:
		target, err := d.x.Entry(int(r.Target))
		if err != nil {
			return false, err
		}
		if target.Type != sidecar.TypeFile {
			return false, nil
		}
		e.setFile(&target)
	case sidecar.TypeFile:
		e.setFile(&r)
	case sidecar.TypeDir:
		e.mode |= unixDir
	case sidecar.TypeSymlink:
		e.mode |= unixLink
		e.size, e.compressed = r.Size, r.Size
		e.symlink = true
	default:
		return false, nil
	}
	e.setName(row.Path[d.trim:])
	return true, nil
}

// setFile sets the location of the content of the file r.
func (e *zipEntry) setFile(r *sidecar.Entry) {
	e.mode = e.mode&^format.SetIDs | unixFile
	e.size, e.crc = r.Size, r.CRC
	switch {
	case r.Size == 0:
	case r.Coding == coding.Stored:
		e.blocks, e.content, e.compressed = true, r.ContentOffset(), r.Size
	default:
		e.method = methodDeflate
		e.content = r.ContentOffset() + gzmember.HeaderSize
		e.compressed = r.ContentLen - gzmember.HeaderSize - gzmember.MemberTrailerSize
	}
}
