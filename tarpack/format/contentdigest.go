package format

import (
	"github.com/cespare/xxhash/v2"
	"github.com/tarpack/tpk/sidecar"
)

// ContentDigest computes what the index records of a content that is written to it: size, xxHash64
// and what its first bytes look like. The CRC-32 is not part of it, as inflating computes that
// anyway. The zero value is not usable, call Reset first.
type ContentDigest struct {
	hash xxhash.Digest
	head []byte // the first bytes, at most sidecar.SniffLen
	size int64
}

// Reset begins another content.
func (d *ContentDigest) Reset() {
	d.hash.Reset()
	d.head, d.size = d.head[:0], 0
}

// Write adds bytes of the content. It never fails.
func (d *ContentDigest) Write(b []byte) (int, error) {
	d.size += int64(len(b))
	d.hash.Write(b)
	if room := sidecar.SniffLen - len(d.head); room > 0 {
		d.head = append(d.head, b[:min(len(b), room)]...)
	}
	return len(b), nil
}

// Size returns the number of bytes written.
func (d *ContentDigest) Size() int64 { return d.size }

// Record sets the hash and the sniffed type in an entry of the index.
func (d *ContentDigest) Record(e *sidecar.Entry) {
	e.Hash, e.Sniff = d.hash.Sum64(), sidecar.SniffContent(d.head)
}
