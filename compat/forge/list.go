package forge

import (
	"fmt"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// List returns the list of a set (FORMAT.md 2.4), of its shards and its sidecar.
func List(archives [][]byte, set []byte) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "tpk set 1\nentries %d\nindex %016x\n", Entries(set), Digest(set))
	for _, a := range archives {
		fmt.Fprintf(&b, "shard %d %016x\n", len(a), le.Uint64(a[len(a)-26:]))
	}
	fmt.Fprintf(&b, "hash %016x\n", xxhash.Sum64String(b.String()))
	return []byte(b.String())
}
