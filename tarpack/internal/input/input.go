// Package input supplies what an entry of a new archive is made of: its tar header and, for a
// regular file, its content.
//
//	                        Source   Loader   Opener
//	Disk      on disk          x        x        x
//	FS        of an fs.FS      x        x        x
//	Memory    in memory        x        x
//	Deflated  a deflate stream x        x
//	Temp      a big file       x                 x
//	Given     a header alone   x
//	base.Entry, of an archive  x
//
// A small file is loaded into memory by a worker, a big one is opened and read piece by piece. The
// content of an entry of an archive is not read at all: its member is copied.
package input

import (
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/attributes"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/output"
	"github.com/tarpack/tpk/tarpack/internal/unkept"
)

// A Source supplies the tar header of an entry.
type Source interface {
	// Header returns the header, complete except for a hard link's target.
	Header() (format.Header, error)
}

// A Loader is a regular file that fits in memory.
type Loader interface {
	Source
	// Load reads the content. It returns format.ErrChanged if the file is not as it was found, and
	// a *format.Problem if the content is damaged.
	Load(c *Content) error
}

// An Opener is a regular file of any size.
type Opener interface {
	Source
	// Open opens the content. It returns format.ErrChanged if the file is not as it was found.
	Open() (File, error)
	// Unchanged returns format.ErrChanged if the open file is not as it was found.
	Unchanged(f File) error
}

// A File is the content of an Opener.
type File interface {
	io.ReaderAt
	io.Closer
}

// Content is a content in memory.
type Content struct {
	Bytes  *output.Buffer
	Member *output.Buffer // member C; nil if it has to be made
	Coding coding.Coding
	// Segments divides Member if Coding is coding.Segmented.
	Segments gzmember.Segments
	Sums     build.ContentSums // of Bytes, if the index gets them
}

// Release gives back the buffers.
func (c *Content) Release() {
	c.Bytes.Release()
	c.Member.Release()
}

// Headers makes tar headers of files. It applies the options that change them.
type Headers struct {
	PreserveOwner bool
	LatestModTime time.Time // later times are clamped to it; the zero time clamps none

	Mode         *attributes.Mode  // changes permissions
	ModTime      time.Time         // of all entries; the zero time keeps their own
	Owner, Group *attributes.Owner // of all entries, if not nil

	KeepUser, KeepGroup bool // of the entry in the archive that is changed, if there is one

	Unkept *unkept.Counter // counts the attributes that are not kept; nil counts none
}

// Override changes what the options replace in a header that was made of a file.
func (m *Headers) Override(h *format.Header) {
	if h.Type != sidecar.TypeSymlink {
		h.Mode = m.Mode.Apply(h.Mode, h.Type == sidecar.TypeDir)
	}
	switch {
	case !m.ModTime.IsZero():
		h.ModTime = m.ModTime.Unix()
	case !m.LatestModTime.IsZero():
		h.ModTime = min(h.ModTime, m.LatestModTime.Unix())
	}
	if m.Owner != nil {
		h.UID, h.Uname = m.Owner.ID, m.Owner.Name
	}
	if m.Group != nil {
		h.GID, h.Gname = m.Group.ID, m.Group.Name
	}
}

// of returns the header of a file, complete except for a link's target. A file without a time gets
// that of 1970. kept is its entry in the archive that is changed, nil if there is none.
func (m *Headers) of(
	path string, typ sidecar.Type, info fs.FileInfo, kept Source,
) (format.Header, error) {
	h := format.Header{Path: path, Type: typ, Mode: durable.UnixMode(info)}
	if t := info.ModTime(); !t.IsZero() {
		h.ModTime = t.Unix()
	}
	switch typ {
	case sidecar.TypeFile:
		h.Size = info.Size()
	case sidecar.TypeSymlink:
		h.Mode = format.LinkMode
	}
	st := durable.StatOf(info)
	if typ == sidecar.TypeChar || typ == sidecar.TypeBlock {
		h.DevMajor, h.DevMinor = st.Major, st.Minor
	}
	if m.PreserveOwner {
		h.UID, h.GID = st.UID, st.GID
		h.Uname, h.Gname = durable.OwnerNames.User(st.UID), durable.OwnerNames.Group(st.GID)
	}
	mode := h.Mode
	if mode&format.SetIDs != 0 && typ == sidecar.TypeFile {
		keeps, err := m.keepsOwner(st, kept)
		if err != nil {
			return h, err
		}
		if !keeps {
			h.Mode &^= format.SetIDs
		}
	}
	m.Override(&h)
	if lost := m.Mode.Apply(mode, typ == sidecar.TypeDir) &^ h.Mode; lost&format.SetIDs != 0 {
		m.Unkept.SetIDs(path)
	}
	return h, nil
}

// keepsOwner reports whether the archive has the user and the group that a file has. If not, setuid
// and setgid would give the rights of somebody else, so chown(2) clears them.
func (m *Headers) keepsOwner(st durable.Stat, kept Source) (bool, error) {
	var h format.Header
	if kept != nil && (m.KeepUser || m.KeepGroup) {
		old, err := kept.Header()
		if err != nil {
			return false, err
		}
		if m.KeepUser {
			h.UID = old.UID
		}
		if m.KeepGroup {
			h.GID = old.GID
		}
	}
	if m.PreserveOwner {
		h.UID, h.GID = st.UID, st.GID
	}
	m.Override(&h)
	return st.OnDisk && h.UID == st.UID && h.GID == st.GID, nil
}

// load reads a file of the given size to its end.
func load(f io.Reader, size int) (*output.Buffer, error) {
	buf := output.GetBuffer(size + 1)
	b := buf.B[:size+1] // one byte more, to see whether the file has grown
	n, err := f.Read(b)
	if err == nil && n != size { // a regular file that returns all it has, and no more, is at its end
		var more int
		more, err = io.ReadFull(f, b[n:])
		n += more
	}
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	switch {
	case n > size:
		return nil, format.ErrChanged
	case n < size:
		return nil, fmt.Errorf("%w: it has shrunk", format.ErrChanged)
	}
	buf.B = b[:n]
	return buf, nil
}
