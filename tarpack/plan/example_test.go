package plan_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/plan"
)

// Each shard could be packed on another machine.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	site := filepath.Join(dir, "site")
	if err := os.Mkdir(site, 0o777); err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"a.html", "b.html", "c.html"} {
		if err := os.WriteFile(filepath.Join(site, name), []byte(name), 0o666); err != nil {
			log.Fatal(err)
		}
	}
	res, err := plan.Dir(ctx, site, filepath.Join(dir, "plan"), plan.Options{Shards: 2})
	if err != nil {
		log.Fatal(err)
	}
	out := filepath.Join(dir, "site.tar.gz")
	for i, m := range res.Manifests {
		list, err := os.ReadFile(m.Name)
		if err != nil {
			log.Fatal(err)
		}
		names := strings.Split(strings.TrimSuffix(string(list), "\x00"), "\x00")
		shard := format.ShardName(out, i, len(res.Manifests))
		_, err = pack.Dir(ctx, site, shard, pack.Options{ExactNames: names})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(filepath.Base(m.Name), names)
	}
	joined, err := tarpack.Reindex(ctx, format.ShardName(out, 0, 2), tarpack.ReindexOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(joined.Entries, "entries")
	// Output:
	// 00000-of-00002.list [a.html b.html]
	// 00001-of-00002.list [c.html]
	// 3 entries
}
