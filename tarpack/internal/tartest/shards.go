package tartest

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/shard"
)

// CheckShards checks the names of the shards that out.tar.gz was divided into and verifies each.
// The first shard's name stands for the set. It returns the names.
func CheckShards(t testing.TB, shards []shard.Shard) (names []string) {
	t.Helper()
	set := Open(t, shards[0].Name)
	for i, s := range shards {
		names = append(names, s.Name)
		if filepath.Base(s.Name) != fmt.Sprintf("out-%05d-of-%05d.tar.gz", i, len(shards)) {
			t.Error(s.Name)
		}
		entries := int64(s.Entries)
		if i == 0 {
			entries = int64(set.Index().Len())
		}
		res, err := tarpack.Verify(context.Background(), s.Name, tarpack.VerifyOptions{})
		if err != nil || res.Failed > 0 || res.Entries != entries {
			t.Errorf("%s: %+v, %v", s.Name, res, err)
		}
	}
	return names
}
