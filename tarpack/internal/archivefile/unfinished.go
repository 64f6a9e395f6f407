package archivefile

import (
	"io"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
)

// endAt makes the archive end with t; what follows in its file is left out.
func (a *File) EndAt(t format.Trailer) {
	end := t.Offset + format.TrailerSize
	a.Trailer, a.Rest, a.Size = t, a.Size+a.Rest-end, end
}

// endsWith looks whether the archive ends where it did when x was its index. If so it is made to end there.
func (a *File) cutAtIndexEnd(x *sidecar.Index) bool {
	t := format.Trailer{Entries: uint64(x.Len()), Offset: x.ArchiveSize() - format.TrailerSize, Digest: x.Digest()}
	if a.OnDevice() || a.OSFile == nil || t.Offset < 0 || !a.hasBehind(t) {
		return false
	}
	a.EndAt(t)
	return true
}

// A keptEnd reads an archive as it was when it was opened: with T at its end, whatever it has become in the meantime.
type keptEnd struct {
	file    io.ReaderAt
	trailer format.Trailer
}

// scanned is what reads all bytes of the archive.
func (a *File) Scanned() io.ReaderAt {
	if a.Trailer == (format.Trailer{}) {
		return a.OSFile
	}
	return keptEnd{a.OSFile, a.Trailer}
}

// ReadAt reads from the file, but for T.
func (k keptEnd) ReadAt(b []byte, off int64) (int, error) {
	n, err := k.file.ReadAt(b, off)
	if at := k.trailer.Offset - off; at < int64(n) && at > -format.TrailerSize {
		t := k.trailer.Append(nil)
		copy(b[max(at, 0):n], t[max(-at, 0):])
	}
	return n, err
}
