package layout

import "encoding/binary"

// PathWriter writes the sections of paths and of path blocks. The zero value computes only the
// place of each path.
type PathWriter struct {
	Paths, Blocks *SectionWriter // both, or nil

	off   int64 // of the current block, in the section of paths
	count uint32
	lens  [pathLens]int
	text  []byte // further bytes of the paths of the block
	buf   []byte
}

// Len returns the length of the section of paths, after Flush.
func (w *PathWriter) Len() int64 { return w.off }

// Add adds the next path and returns its place. Shared is the number of bytes that it shares with
// the path before it.
func (w *PathWriter) Add(shared int, path []byte) (place uint64) {
	k := int(w.count % BlockPaths)
	if k == 0 {
		w.Flush()
		shared = 0
	}
	w.lens[k], w.lens[BlockPaths+k] = shared, len(path)-shared
	w.text = append(w.text, path[shared:]...)
	w.count++
	return NewPlace(w.off, k)
}

// Flush writes the current block, if it has paths. The caller calls it after the last path.
func (w *PathWriter) Flush() {
	if len(w.text) == 0 {
		return
	}
	b := w.buf[:0]
	for _, n := range w.lens {
		b = append(b, uint8(min(n, longLen)))
	}
	b = binary.LittleEndian.AppendUint32(b, (w.count-1)/BlockPaths)
	for _, n := range w.lens {
		if n >= longLen {
			b = binary.LittleEndian.AppendUint16(b, uint16(n))
		}
	}
	b = append(b, w.text...)
	for len(b)%blockAlign != 0 {
		b = append(b, 0)
	}
	if w.Paths != nil {
		w.Blocks.Uint64(uint64(w.off))
		w.Paths.Write(b)
	}
	w.off += int64(len(b))
	w.buf, w.text, w.lens = b, w.text[:0], [pathLens]int{}
}
