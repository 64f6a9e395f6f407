package sparse

import (
	"bytes"
	"testing"
)

// FuzzStore makes changes in two Files of one generation, and of another one in the same directory,
// and compares everything that is read with the bytes of the object.
func FuzzStore(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
	f.Add([]byte("store and evict and close and open again"))
	f.Add(bytes.Repeat([]byte{0, 9, 18, 64, 1, 33, 7}, 20))
	objects := map[string][]byte{}
	for _, key := range []string{"one", "two"} {
		c := config(f, 20)
		for b := range int64(20) {
			objects[key] = append(objects[key], content(key, c.Size, b)...)
		}
	}
	f.Fuzz(func(t *testing.T, ops []byte) {
		c := config(t, 20)
		c.Limit = 24 * BlockSize
		other := c
		other.Key = "two"
		all := []*generationOf{open(t, c), open(t, c), open(t, other)}
		for i, op := range ops[:min(len(ops), 100)] {
			g := all[i%3]
			block := int64(op) % g.blocks()
			off := block * BlockSize
			data := objects[g.Key][off:min(off+BlockSize, g.Size)]
			switch op / 32 {
			case 0, 1, 2:
				if err := g.Store(block, data); err != nil {
					t.Fatal(err)
				}
			case 3:
				g.Keep(block, min(block+4, g.blocks()))
			case 4:
				g.Drop(block, min(block+2, g.blocks()))
			case 5:
				g.dir.evictTo(block * BlockSize)
			case 6:
				g.close()
				all[i%3] = open(t, g.Config)
			case 7:
				if file, release, ok := g.Pin(off, 10); ok {
					p := make([]byte, 10)
					if _, err := file.ReadAt(p, off); err != nil || !bytes.Equal(p, data[:10]) {
						t.Error("wrong bytes in a piece", err)
					}
					release()
				}
			}
			for b := range all[i%3].blocks() {
				p := make([]byte, 7)
				off := min(b*BlockSize+100, c.Size-7)
				n := all[i%3].Read(p, off, false)
				if !bytes.Equal(p[:n], objects[all[i%3].Key][off:][:n]) {
					t.Errorf("wrong bytes of block %d", b)
				}
			}
		}
		for _, g := range all {
			p := make([]byte, BlockSize)
			for b := range g.blocks() {
				p := p[:g.length(b)]
				if g.Load(b, p) && !bytes.Equal(p, objects[g.Key][b*BlockSize:][:len(p)]) {
					t.Errorf("wrong bytes of block %d", b)
				}
			}
		}
	})
}
