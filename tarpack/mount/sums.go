//go:build linux || darwin

package mount

import (
	"hash/crc32"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
)

// sums has the checksums of files that are read in parts, each on its own: segments, which can be
// decompressed alone, and stored bytes. Once all parts of a file were read, in whatever order, it
// compares the checksum of the whole. So no program can read all bytes of a damaged file.
type sums struct {
	mu    sync.Mutex
	files []*fileSum // the one that was used last comes first
	wrong atomic.Int64
}

type fileSum struct {
	key    place
	runs   []run
	broken bool // its checksum was wrong
}

// run is the checksum of consecutive bytes of a file.
type run struct {
	from, to int64
	crc      uint32
}

// Limits, so that the memory does not depend on what is read. Of a file that is read in more runs
// than that, the whole is not compared.
const (
	maxSumFiles = 64
	maxRuns     = 1024
)

// add adds bytes of a file from off on. It returns false if all of the file was read now or before,
// and want is not its checksum.
func (s *sums) add(key place, size int64, want uint32, off int64, data []byte) bool {
	s.mu.Lock()
	f := s.file(key)
	if f.broken {
		s.mu.Unlock()
		return false
	}
	gaps := f.gaps(off, off+int64(len(data)))
	s.mu.Unlock()
	for i := range gaps {
		g := &gaps[i]
		g.crc = crc32.ChecksumIEEE(data[g.from-off : g.to-off])
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range gaps {
		f.add(g)
	}
	if len(f.runs) > maxRuns {
		f.runs = nil
	}
	if len(f.runs) == 1 && f.runs[0].from == 0 && f.runs[0].to == size {
		if f.broken = f.runs[0].crc != want; f.broken {
			s.wrong.Add(1)
		}
	}
	return !f.broken
}

// isBroken reports whether a file is known to have a wrong checksum.
func (s *sums) isBroken(key place) bool {
	if s.wrong.Load() == 0 { // nearly always
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.files, func(f *fileSum) bool { return f.key == key && f.broken })
}

// gaps returns the parts of a range that are in no run.
func (f *fileSum) gaps(from, to int64) (gaps []run) {
	for _, r := range f.runs {
		if r.to <= from {
			continue
		}
		if r.from >= to {
			break
		}
		if r.from > from {
			gaps = append(gaps, run{from: from, to: r.from})
		}
		from = r.to
	}
	if from < to {
		gaps = append(gaps, run{from: from, to: to})
	}
	return gaps
}

// add adds a run, unless another goroutine has added bytes of it meanwhile.
func (f *fileSum) add(r run) {
	at := sort.Search(len(f.runs), func(k int) bool { return f.runs[k].to > r.from })
	if at < len(f.runs) && f.runs[at].from < r.to {
		return
	}
	f.runs = slices.Insert(f.runs, at, r)
	if at+1 < len(f.runs) {
		f.join(at)
	}
	if at > 0 {
		f.join(at - 1)
	}
}

// join makes one run of the runs k and k+1, if one follows the other.
func (f *fileSum) join(k int) {
	a, b := f.runs[k], f.runs[k+1]
	if a.to == b.from {
		f.runs[k] = run{a.from, b.to, combineCRC(a.crc, b.crc, b.to-b.from)}
		f.runs = slices.Delete(f.runs, k+1, k+2)
	}
}

// file returns what is known of a file, and makes it the first one.
func (s *sums) file(key place) *fileSum {
	at := slices.IndexFunc(s.files, func(f *fileSum) bool { return f.key == key })
	f := &fileSum{key: key}
	if at >= 0 {
		f = s.files[at]
		s.files = slices.Delete(s.files, at, at+1)
	}
	s.files = slices.Insert(s.files, 0, f)
	s.files = s.files[:min(len(s.files), maxSumFiles)]
	return f
}

// forget forgets the files of a tree.
func (s *sums) forget(t *tree) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files = slices.DeleteFunc(s.files, func(f *fileSum) bool { return f.key.isOf(t) })
}

// combineCRC returns the CRC-32 of a text whose parts have the CRC-32 a and b; the second one has n
// bytes. A CRC is a polynomial over GF(2), modulo one of degree 32. That of the first part is
// multiplied by x to the power of the bits of the second one, and added.
func combineCRC(a, b uint32, n int64) uint32 {
	power := uint32(1) << 31 // 1: the highest bit is the coefficient of x⁰
	square := uint32(1) << 30
	for bits := uint64(n) * 8; bits > 0; bits >>= 1 {
		if bits&1 != 0 {
			power = multiply(square, power)
		}
		square = multiply(square, square)
	}
	return multiply(power, a) ^ b
}

// multiply returns the product of two polynomials.
func multiply(a, b uint32) (p uint32) {
	for ; a != 0; a <<= 1 {
		if a&(1<<31) != 0 {
			p ^= b
		}
		if b&1 != 0 {
			b = b>>1 ^ crc32.IEEE
		} else {
			b >>= 1
		}
	}
	return p
}
