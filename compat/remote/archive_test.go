package remote

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/remote/blocks"
	"github.com/tarpack/tpk/tarpack/remote/s3"
	"github.com/tarpack/tpk/tarpack/source"
)

func TestMain(m *testing.M) { os.Exit(fixture.Main(m)) }

// writeTree writes n files, all of which have the seed, and one that is larger.
func writeTree(t testing.TB, dir string, n int, seed byte) {
	t.Helper()
	for i := range n {
		name := filepath.Join(dir, fmt.Sprintf("d%d", i%10), fmt.Sprintf("f%d", i))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, fmt.Appendf(nil, "%d of %d", i, seed), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "big"), bytes.Repeat([]byte{seed}, 300_000),
		0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "noise"), random(2<<20, seed), 0o644); err != nil {
		t.Fatal(err)
	}
}

// generation is an archive with its sidecar.
type generation struct{ archive, side []byte }

// pack packs a tree of writeTree.
func pack(t testing.TB, n int, seed byte, flags ...string) (dir string, g generation) {
	t.Helper()
	dir = filepath.Join(tools.Dir(t), "tree")
	writeTree(t, dir, n, seed)
	name := filepath.Join(tools.Dir(t), "a.tar.gz")
	fixture.Pack(t, dir, name, flags...)
	var err error
	if g.archive, err = os.ReadFile(name); err != nil {
		t.Fatal(err)
	}
	g.side, err = os.ReadFile(name + format.SidecarSuffix)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return dir, g
}

// sameAs compares all files of an archive with those of a directory.
func sameAs(t testing.TB, a *tarpack.Archive, dir string) {
	t.Helper()
	n := 0
	err := fs.WalkDir(a.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		n++
		got, err := fs.ReadFile(a.FS(), name)
		if err != nil {
			return err
		}
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: other content, %v", name, err)
		}
		return nil
	})
	if err != nil || n < 100 {
		t.Errorf("%d files, %v", n, err)
	}
}

// An archive in S3 and on nginx, with the index beside it and in it, read with a cache that is
// there already and with a new one. It has 3,000 files, with -short 500.
func TestArchive(t *testing.T) {
	g, store, host, root, client := bothServers(t)
	files := 3000
	if testing.Short() {
		files = 500
	}
	for name, flags := range map[string][]string{"beside": nil, "embedded": {"--embed-index"}} {
		dir, a := pack(t, files, 1, flags...)
		g.put(t, name, a.archive, 5<<20)
		replace(t, filepath.Join(root, name), a.archive, time.Now())
		if a.side != nil {
			g.put(t, name+format.SidecarSuffix, a.side, 0)
			replace(t, filepath.Join(root, name+format.SidecarSuffix), a.side, time.Now())
		}
		for _, url := range []string{"s3://" + bucket + "/" + name, host + "/" + name} {
			cache := tools.Dir(t)
			for _, limit := range []int64{0, 0, 1} {
				o := &remote.Options{S3: store, Web: client, LoadIndex: limit,
					Blocks: blocks.New(blocks.Options{Dir: filepath.Join(cache, "blocks")})}
				x, err := remote.Open(t.Context(), url, o)
				if err != nil {
					t.Fatal(err)
				}
				sameAs(t, x, dir)
				if x.IndexEmbedded() != (a.side == nil) {
					t.Errorf("%s: embedded is %v", url, x.IndexEmbedded())
				}
				if err := x.Close(); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

// An archive that is replaced 60 times, with -short 15 times, while several open and read it.
// Whatever they read is of one generation, and they succeed now and then.
func TestArchiveReplaced(t *testing.T) {
	g, _, _ := versitygw(t)
	gateway := g.options()
	store, err := s3.New(&gateway)
	if err != nil {
		t.Fatal(err)
	}
	const generations = 3
	var all [generations]generation
	for i := range all {
		_, all[i] = pack(t, 200, byte(i), "--embed-index")
	}
	const key = "a.tar.gz"
	put := func(i int) {
		part := uint64(0)
		if i%2 == 1 {
			part = 5 << 20
		}
		g.put(t, key, all[i%generations].archive, part)
	}
	put(0)
	cache := blocks.New(blocks.Options{Dir: filepath.Join(tools.Dir(t), "blocks")})
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			good := 0
			for finished := false; !finished; {
				select {
				case <-done:
					finished = true // and once more
				default:
				}
				a, err := remote.Open(t.Context(), "s3://"+bucket+"/"+key,
					&remote.Options{S3: store, Blocks: cache})
				if err == nil {
					err = oneGeneration(t, a)
					a.Close()
				}
				if err == nil {
					good++
				} else if !errors.Is(err, source.ErrChanged) {
					t.Error(err)
				}
			}
			if good == 0 {
				t.Error("it was never read")
			}
		})
	}
	times := 60
	if testing.Short() {
		times = 15
	}
	for i := range times {
		put(i)
	}
	close(done)
	readers.Wait()
}

// oneGeneration reads all files, which must be of one generation.
func oneGeneration(t testing.TB, a *tarpack.Archive) error {
	seed := ""
	return fs.WalkDir(a.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := fs.ReadFile(a.FS(), name)
		if err != nil {
			return err
		}
		of := seed
		switch filepath.Base(name) {
		case "big":
			of = fmt.Sprint(b[0])
		case "noise":
			if seed != "" && !bytes.Equal(b, random(len(b), seed[0]-'0')) {
				t.Error("noise of another generation")
			}
		default:
			_, of, _ = strings.Cut(string(b), " of ")
		}
		if seed == "" {
			seed = of
		}
		if of != seed {
			t.Errorf("%s is of generation %s, not %s", name, of, seed)
		}
		return nil
	})
}
