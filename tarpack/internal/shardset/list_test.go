package shardset_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
)

// twoShards is the list of a set of two shards.
var twoShards = shardset.List{
	Entries: 3, Index: 7, Shards: []shardset.ShardInfo{{Size: 100, Digest: 1}, {Size: 200, Digest: 2}},
}

// A list that is accepted is written again in the same bytes.
func FuzzList(f *testing.F) {
	f.Add(twoShards.Append(nil), 2)
	f.Add([]byte("tpk set 2\n"), 1)
	f.Add([]byte(""), 0)
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		l, err := shardset.ParseList(b, n&0xff)
		if err != nil {
			if !errors.Is(err, format.ErrCorrupt) && !errors.Is(err, format.ErrVersion) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.Equal(l.Append(nil), b) || len(l.Shards) != n&0xff {
			t.Fatalf("%q is read as %+v", b, l)
		}
	})
}

// Each list has one spelling, and the number of shards must be right.
func TestParseList(t *testing.T) {
	good := string(twoShards.Append(nil))
	// edited returns the list with a replacement and the hash that fits it.
	edited := func(old, new string) string {
		text, _, _ := strings.Cut(strings.Replace(good, old, new, 1), "hash ")
		return text + shardset.HashLine(text)
	}
	if edited("", "") != good {
		t.Fatal("HashLine is not the last line of a list")
	}
	const huge = "9223372036854775807"
	for _, c := range []struct {
		name, text string
		n          int
		err        error
	}{
		{"a list", good, 2, nil},
		{"fewer shards", good, 1, format.ErrCorrupt},
		{"more shards", good, 3, format.ErrCorrupt},
		{"empty", "", 2, format.ErrCorrupt},
		{"newer", edited("set 1", "set 2"), 2, format.ErrVersion},
		{"a wrong hash", strings.Replace(good, "entries 3", "entries 4", 1), 2, format.ErrCorrupt},
		{"a sign", edited("shard 100", "shard +100"), 2, format.ErrCorrupt},
		{"a leading zero", edited("shard 100", "shard 0100"), 2, format.ErrCorrupt},
		{"a capital", edited("0007\n", "000A\n"), 2, format.ErrCorrupt},
		{"less than a trailer", edited("shard 100", "shard 63"), 2, format.ErrCorrupt},
		{"a negative size", edited("shard 100", "shard -100"), 2, format.ErrCorrupt},
		{"too large a size", edited("shard 100", "shard "+huge), 2, format.ErrCorrupt},
		{"CR", strings.ReplaceAll(good, "\n", "\r\n"), 2, format.ErrCorrupt},
		{"more at the end", good + "\n", 2, format.ErrCorrupt},
		{"no LF at the end", strings.TrimSuffix(good, "\n"), 2, format.ErrCorrupt},
	} {
		if _, err := shardset.ParseList([]byte(c.text), c.n); !errors.Is(err, c.err) {
			t.Errorf("%s: %v, want %v", c.name, err, c.err)
		}
	}
}

// A missing list is ErrNoSidecar. One that is longer than any list is stale, and is not read whole.
func TestReadList(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a-of-00002.tar.gz.tps")
	_, err := shardset.ReadList(name, 2)
	if err = shardset.NoList(name, err); !errors.Is(err, format.ErrNoSidecar) {
		t.Errorf("no list: %v", err)
	}
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Truncate(1<<40), f.Close()); err != nil {
		t.Fatal(err)
	}
	_, err = shardset.ReadList(name, 2)
	err = shardset.NoList(name, err)
	if !errors.Is(err, format.ErrStale) || !strings.Contains(err.Error(), name) {
		t.Errorf("a long list: %v", err)
	}
}
