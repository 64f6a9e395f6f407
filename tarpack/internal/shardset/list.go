package shardset

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/tarpack/tpk/internal/regular"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
)

// ShardInfo is what a list has about one shard.
type ShardInfo struct {
	Size   int64  // of the shard, in bytes
	Digest uint64 // of the shard's sidecar, as in its T
}

// List is the list of a set, a text (FORMAT.md 2.4):
//
//	tpk set 1
//	entries 32777
//	index 5f16ace0916b71fb
//	shard 8123456 9a3be6d4d8f8a1c0
//	…
//	hash b1946ac92492d234
type List struct {
	Entries uint64 // of the whole set
	Index   uint64 // digest of the set's sidecar
	Shards  []ShardInfo
}

const (
	listVersion = 1
	listHead    = "tpk set "
	// MaxList is more bytes than a list of MaxShards can have.
	MaxList = 64 + format.MaxShards*48
)

// Append appends the text of the list.
func (l *List) Append(dst []byte) []byte {
	start := len(dst)
	dst = fmt.Appendf(dst, "%s%d\nentries %d\nindex %016x\n",
		listHead, listVersion, l.Entries, l.Index)
	for _, s := range l.Shards {
		dst = append(dst, "shard "...)
		dst = strconv.AppendInt(dst, s.Size, 10)
		dst = append(dst, ' ')
		dst = hex.AppendEncode(dst, binary.BigEndian.AppendUint64(nil, s.Digest))
		dst = append(dst, '\n')
	}
	return fmt.Appendf(dst, "hash %016x\n", xxhash.Sum64(dst[start:]))
}

// parseShard reads one line of the list. ParseList finds what it accepts wrongly.
func parseShard(line []byte) (s ShardInfo, ok bool) {
	fields := strings.TrimSuffix(strings.TrimPrefix(string(line), "shard "), "\n")
	size, digest, _ := strings.Cut(fields, " ")
	n, err1 := strconv.ParseInt(size, 10, 64)
	d, err2 := strconv.ParseUint(digest, 16, 64)
	return ShardInfo{n, d}, err1 == nil && err2 == nil && n >= format.EndSize
}

// ParseList reads the list of a set of n shards. The error wraps format.ErrVersion or ErrCorrupt.
func ParseList(b []byte, n int) (*List, error) {
	rest, ok := bytes.CutPrefix(b, []byte(listHead))
	var version int
	_, err := fmt.Sscanf(string(rest[:min(len(rest), 20)]), "%d\n", &version)
	if !ok || err != nil {
		return nil, fmt.Errorf("%w: it is no list of a shard set", format.ErrCorrupt)
	}
	if version > listVersion {
		return nil, fmt.Errorf("%w: list version %d, this tpk reads up to %d",
			format.ErrVersion, version, listVersion)
	}
	l := &List{Shards: make([]ShardInfo, 0, n)}
	lines := bytes.SplitAfter(b, []byte("\n"))
	if len(lines) == n+5 { // head, entries, index, shards, hash, and nothing after the last LF
		_, err1 := fmt.Sscanf(string(lines[1]), "entries %d\n", &l.Entries)
		_, err2 := fmt.Sscanf(string(lines[2]), "index %x\n", &l.Index)
		if err1 == nil && err2 == nil {
			for _, line := range lines[3 : 3+n] {
				s, ok := parseShard(line)
				if !ok {
					break
				}
				l.Shards = append(l.Shards, s)
			}
		}
	}
	// Writing it again also compares the hash, and refuses other spellings of a number.
	if len(l.Shards) != n || !bytes.Equal(l.Append(nil), b) || l.size() < 0 {
		return nil, fmt.Errorf("%w: the list is damaged, or is of another number of shards",
			format.ErrCorrupt)
	}
	return l, nil
}

// size returns the bytes of all shards, or -1 if they are too many.
func (l *List) size() (n int64) {
	for _, s := range l.Shards {
		if s.Size > maxSet-n {
			return -1
		}
		n += s.Size
	}
	return n
}

// ReadList reads the list of a set of n shards from its file.
func ReadList(name string, n int) (*List, error) {
	f, err := regular.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, MaxList+1))
	if err != nil {
		return nil, err
	}
	l, err := ParseList(b, n)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return l, nil
}

// ListFromShards returns the list of a set, made from its shards alone. It lacks the number of
// entries and the digest of the set's sidecar.
func ListFromShards(s format.SetName) (*List, error) {
	l := &List{Shards: make([]ShardInfo, s.N)}
	for i := range l.Shards {
		a, err := archivefile.Open(s.Shard(i))
		if err != nil {
			return nil, MissingShard(s.Shard(i), s.N, err)
		}
		l.Shards[i] = ShardInfo{a.Size, a.Trailer.Digest}
		if err := a.OSFile.Close(); err != nil {
			return nil, err
		}
	}
	if l.size() < 0 {
		return nil, fmt.Errorf("%s: %w: it is too large", s.List(), format.ErrShard)
	}
	return l, nil
}

// NoList returns the error for a set whose list could not be read because of err. It wraps
// format.ErrNoSidecar if there is no list, and format.ErrStale if that is damaged.
func NoList(list string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w: the set has no list", list, format.ErrNoSidecar)
	}
	if errors.Is(err, format.ErrCorrupt) {
		return fmt.Errorf("%w: %w", format.ErrStale, err)
	}
	return err
}
