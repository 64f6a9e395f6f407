package convert

import (
	"archive/zip"
	"encoding/binary"
	"io"

	"github.com/tarpack/tpk/tarpack/format"
)

// Tags of extra fields.
const (
	zipUnicodePath = 0x7075 // of Info-ZIP, APPNOTE section 4.6.9
	zipOwner3      = 0x7875 // "ux" of Info-ZIP: a version, and two numbers, each with its length
	zipOwner2      = 0x7855 // "Ux": two numbers of 16 bits, only in the local header
	zipOwner1      = 0x5855 // "UX": two times, and two numbers of 16 bits only in the local header
)

// zipExtra returns the extra field with the tag, or nil.
func zipExtra(b []byte, tag uint16) []byte {
	for len(b) >= 4 {
		n := int(binary.LittleEndian.Uint16(b[2:]))
		if len(b) < 4+n {
			return nil
		}
		if binary.LittleEndian.Uint16(b) == tag {
			return b[4 : 4+n]
		}
		b = b[4+n:]
	}
	return nil
}

// setZipOwner sets the owner of an entry from the directory, or else from the local header. The
// setuid and setgid bits apply to that owner, so without one they are dropped.
func (c *converter) setZipOwner(h *format.Header, zf *zip.File) {
	uid, gid, ok := ownerOf(zf.Extra)
	if !ok {
		uid, gid, ok = ownerOf(c.localExtra(zf))
	}
	if ok && max(uid, gid) <= format.MaxOwner {
		h.UID, h.GID = int(uid), int(gid)
		return
	}
	if ok {
		c.owners.add(zf.Name)
	}
	if h.Mode&format.SetIDs != 0 {
		h.Mode &^= format.SetIDs
		c.setIDs.add(zf.Name)
	}
}

// ownerOf returns the owner in extra fields. The newest kind of field counts, as in Info-ZIP.
func ownerOf(extra []byte) (uid, gid uint64, ok bool) {
	if b := zipExtra(extra, zipOwner3); len(b) > 0 && b[0] == 1 {
		if uid, b, ok = takeNumber(b[1:]); ok {
			if gid, _, ok = takeNumber(b); ok {
				return uid, gid, true
			}
		}
	}
	b := zipExtra(extra, zipOwner2)
	if b1 := zipExtra(extra, zipOwner1); len(b) < 4 && len(b1) >= 12 {
		b = b1[8:]
	}
	if len(b) < 4 {
		return 0, 0, false
	}
	number := binary.LittleEndian.Uint16
	return uint64(number(b)), uint64(number(b[2:])), true
}

// takeNumber takes a number with its length in front.
func takeNumber(b []byte) (n uint64, rest []byte, ok bool) {
	if len(b) < 1 || int(b[0]) > 8 || len(b) < 1+int(b[0]) {
		return 0, nil, false
	}
	size := int(b[0])
	for i := size; i > 0; i-- {
		n = n<<8 | uint64(b[i])
	}
	return n, b[1+size:], true
}

// localExtra returns the extra fields of the local header, or nil if they can't be found.
// archive/zip returns only the fields of the directory, and the offset where the header ends.
func (c *converter) localExtra(zf *zip.File) []byte {
	end, err := zf.DataOffset()
	if err != nil {
		return nil
	}
	const most = 4 << 10 // of name and extra fields
	b := make([]byte, min(end, zipLocalSize+most))
	if _, err := c.zip.ReadAt(b, end-int64(len(b))); err != nil && err != io.EOF {
		return nil
	}
	for at := len(b) - zipLocalSize; at >= 0; at-- {
		h := b[at:]
		if string(h[:4]) != zipLocalMagic {
			continue
		}
		name := int(binary.LittleEndian.Uint16(h[26:]))
		extra := int(binary.LittleEndian.Uint16(h[28:]))
		if zipLocalSize+name+extra == len(h) {
			return h[len(h)-extra:]
		}
	}
	return nil
}
