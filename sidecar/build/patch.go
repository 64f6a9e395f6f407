package build

import (
	"encoding/binary"

	"github.com/tarpack/tpk/internal/sorter"
	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// A patch fills a hole in the record of a directory or hard link. The key is the ordinal,
// big-endian so that bytes sort like numbers. The length of the value distinguishes the kinds.
const (
	patchKeySize = 4 // u32

	dirPatchSize = 4 // end u32

	linkTarget    = 0              // u32: ordinal
	linkSize      = linkTarget + 4 // u64
	linkHash      = linkSize + 8   // u64
	linkSniff     = linkHash + 8   // u8
	linkPatchSize = linkSniff + 1  // 21

	linkSum          = linkPatchSize // with sums: SHA-256
	linkSumPatchSize = linkSum + layout.SumSize

	totalBytes     = 0                // u64
	totalMembers   = totalBytes + 8   // u64
	totalNonDirs   = totalMembers + 8 // u32
	totalPatchSize = totalNonDirs + 4 // 20
)

// patch adds a patch of n bytes for the caller to fill.
func patch(patches *sorter.Sorter, ordinal uint32, n int) ([]byte, error) {
	key, val, err := patches.Add(patchKeySize, n)
	if err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint32(key, ordinal)
	return val, nil
}

// dirPatch is the end of a directory.
type dirPatch []byte

func (p dirPatch) set(end uint32) { binary.LittleEndian.PutUint32(p, end) }

func (p dirPatch) apply(r *layout.Record) { r.SetNarrow(binary.LittleEndian.Uint32(p)) }

// linkPatch holds what a hard link repeats of its target.
type linkPatch []byte

func (p linkPatch) set(ordinal uint32, target *layout.Record) {
	binary.LittleEndian.PutUint32(p[linkTarget:], ordinal)
	binary.LittleEndian.PutUint64(p[linkSize:], uint64(target.Size()))
	binary.LittleEndian.PutUint64(p[linkHash:], target.Hash())
	p[linkSniff] = target.Sniff()
}

// sum returns the SHA-256 of the target. Only a patch of linkSumPatchSize has it.
func (p linkPatch) sum() []byte { return p[linkSum:linkSumPatchSize] }

func (p linkPatch) apply(r *layout.Record) {
	r.SetNarrow(binary.LittleEndian.Uint32(p[linkTarget:]))
	r.SetSize(int64(binary.LittleEndian.Uint64(p[linkSize:])), 0)
	r.SetHash(binary.LittleEndian.Uint64(p[linkHash:]))
	r.SetWide(0, p[linkSniff])
}

// totalPatch holds the totals of a directory.
type totalPatch []byte

func (p totalPatch) set(t layout.Totals) {
	binary.LittleEndian.PutUint64(p[totalBytes:], t.Bytes)
	binary.LittleEndian.PutUint64(p[totalMembers:], t.Members)
	binary.LittleEndian.PutUint32(p[totalNonDirs:], t.NonDirs)
}

func (p totalPatch) apply(r *layout.Record) {
	r.SetTotals(layout.Totals{
		Bytes:   binary.LittleEndian.Uint64(p[totalBytes:]),
		Members: binary.LittleEndian.Uint64(p[totalMembers:]),
		NonDirs: binary.LittleEndian.Uint32(p[totalNonDirs:]),
	})
}

// patcher applies patches to records.
type patcher struct {
	patches *sorter.Iterator
	ordinal int64 // of the next patch; −1 when none is left
	val     []byte
}

// newPatcher returns a patcher, and ends adding to patches.
func newPatcher(patches *sorter.Sorter) (*patcher, error) {
	it, err := patches.Iterate()
	if err != nil {
		return nil, err
	}
	p := &patcher{patches: it}
	return p, p.next()
}

// next reads the next patch.
func (p *patcher) next() error {
	key, val, ok, err := p.patches.Next()
	p.ordinal, p.val = -1, val
	if ok {
		p.ordinal = int64(binary.BigEndian.Uint32(key))
	}
	return err
}

// skipTo goes on to the first patch of an entry with that ordinal or of a later one.
func (p *patcher) skipTo(ordinal int64) error {
	for p.ordinal >= 0 && p.ordinal < ordinal {
		if err := p.next(); err != nil {
			return err
		}
	}
	return nil
}

// apply applies the patches for a run of records, the first of which has the given ordinal. It
// reports whether there were any.
func (p *patcher) apply(records []byte, first int64) (patched bool, err error) {
	end := first + int64(len(records))/layout.RecordSize
	for p.ordinal >= 0 && p.ordinal < end {
		r := layout.AsRecord(records[(p.ordinal-first)*layout.RecordSize:])
		switch len(p.val) {
		case dirPatchSize:
			dirPatch(p.val).apply(r)
		case linkPatchSize, linkSumPatchSize:
			linkPatch(p.val).apply(r)
		case totalPatchSize:
			totalPatch(p.val).apply(r)
		}
		patched = true
		if err := p.next(); err != nil {
			return true, err
		}
	}
	return patched, nil
}
