package tarpack

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// A shardInfo is what a set's list says of a shard.
type shardInfo struct {
	size   int64  // bytes
	digest uint64 // of its sidecar, as in its T
}

// A setList is a set's list, which is text (FORMAT.md 2.4):
//
//	tpk set 1
//	entries 32777
//	index 5f16ace0916b71fb
//	shard 8123456 9a3be6d4d8f8a1c0
//	…
//	hash b1946ac92492d234
type setList struct {
	entries uint64
	index   uint64 // digest of the set's sidecar
	shards  []shardInfo
}

const (
	listVersion = 1
	listHead    = "tpk set "
	// maxList is more than a list of MaxShards can have.
	maxList = 64 + MaxShards*48
)

// append appends the list's text.
func (l *setList) append(dst []byte) []byte {
	start := len(dst)
	dst = fmt.Appendf(dst, "%s%d\nentries %d\nindex %016x\n", listHead, listVersion, l.entries, l.index)
	for _, s := range l.shards {
		dst = append(dst, "shard "...)
		dst = strconv.AppendInt(dst, s.size, 10)
		dst = append(dst, ' ')
		dst = hex.AppendEncode(dst, binary.BigEndian.AppendUint64(nil, s.digest))
		dst = append(dst, '\n')
	}
	return fmt.Appendf(dst, "hash %016x\n", xxhash.Sum64(dst[start:]))
}

// parseShard reads a line of the list. What it takes too easily is found when the list is written again.
func parseShard(line []byte) (s shardInfo, ok bool) {
	size, digest, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(string(line), "shard "), "\n"), " ")
	n, err1 := strconv.ParseInt(size, 10, 64)
	d, err2 := strconv.ParseUint(digest, 16, 64)
	return shardInfo{n, d}, err1 == nil && err2 == nil && n >= TrailerSize
}

// parseList reads a list of n shards. The error wraps ErrVersion or ErrCorrupt.
func parseList(b []byte, n int) (*setList, error) {
	rest, ok := bytes.CutPrefix(b, []byte(listHead))
	var version int
	if _, err := fmt.Sscanf(string(rest[:min(len(rest), 20)]), "%d\n", &version); !ok || err != nil {
		return nil, fmt.Errorf("%w: it is no list of a shard set", ErrCorrupt)
	}
	if version > listVersion {
		return nil, fmt.Errorf("%w: list version %d, this tpk reads up to %d", ErrVersion, version, listVersion)
	}
	l := &setList{shards: make([]shardInfo, 0, n)}
	lines := bytes.SplitAfter(b, []byte("\n"))
	if len(lines) == n+5 { // head, entries, index, shards, hash, and what is after the last line's end
		_, err1 := fmt.Sscanf(string(lines[1]), "entries %d\n", &l.entries)
		_, err2 := fmt.Sscanf(string(lines[2]), "index %x\n", &l.index)
		if err1 == nil && err2 == nil {
			for _, line := range lines[3 : 3+n] {
				s, ok := parseShard(line)
				if !ok {
					break
				}
				l.shards = append(l.shards, s)
			}
		}
	}
	// Writing it again compares the hash too, and all that could be written in two ways.
	if len(l.shards) != n || !bytes.Equal(l.append(nil), b) || l.size() < 0 {
		return nil, fmt.Errorf("%w: the list is damaged, or is of another number of shards", ErrCorrupt)
	}
	return l, nil
}

// size is that of all shards, −1 if that is too much.
func (l *setList) size() (n int64) {
	for _, s := range l.shards {
		if s.size > math.MaxInt64/2-n {
			return -1
		}
		n += s.size
	}
	return n
}

// readList reads a list from its file.
func readList(name string, n int) (*setList, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|openNonblock, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxList+1))
	if err != nil {
		return nil, err
	}
	l, err := parseList(b, n)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return l, nil
}

// listOf makes the list of a set from its shards alone. It does not know the set's sidecar.
func listOf(s setName) (*setList, error) {
	l := &setList{shards: make([]shardInfo, s.n)}
	for i := range l.shards {
		a, err := openArchive(s.shard(i))
		if err != nil {
			return nil, missingShard(s.shard(i), s.n, err)
		}
		l.shards[i] = shardInfo{a.size, a.trailer.Digest}
		if err := a.file.Close(); err != nil {
			return nil, err
		}
	}
	if l.size() < 0 {
		return nil, fmt.Errorf("%s: %w: it is too large", s.list(), ErrShard)
	}
	return l, nil
}

// missingShard says of an error of opening a shard what it means for the set.
func missingShard(name string, n int, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w: this one of its %d shards is missing", name, ErrShard, n)
	}
	return err
}
