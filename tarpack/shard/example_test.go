package shard_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"testing/fstest"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/shard"
)

// Pack a directory into two shards, and open them as one archive.
func ExamplePack() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	tiles := filepath.Join(dir, "tiles")
	err = os.CopyFS(tiles, fstest.MapFS{
		"0.png": {Data: []byte("north")},
		"1.png": {Data: []byte("south")},
	})
	if err != nil {
		log.Fatal(err)
	}

	out := filepath.Join(dir, "tiles.tar.gz")
	res, err := shard.Pack(ctx, tiles, out, shard.PackOptions{Shards: 2})
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range res.Shards {
		fmt.Println(filepath.Base(s.Name), s.Entries)
	}
	a, err := tarpack.Open(ctx, res.Shards[0].Name, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	fmt.Println(a.Index().Len(), "entries")
	// Output:
	// tiles-00000-of-00002.tar.gz 1
	// tiles-00001-of-00002.tar.gz 1
	// 2 entries
}
