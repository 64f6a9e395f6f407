package remote_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/remote/blocks"
	"github.com/tarpack/tpk/tarpack/remote/internal/remotetest"
	"github.com/tarpack/tpk/tarpack/remote/s3"
	"github.com/tarpack/tpk/tarpack/shard"
	"github.com/tarpack/tpk/tarpack/signature"
)

// The files of a set of three shards on a server.
const (
	listPath = "/dir/out-of-00003.tar.gz.tps"
	setSide  = listPath + format.SidecarSuffix
)

func shardPath(i int) string { return fmt.Sprintf("/dir/out-%05d-of-00003.tar.gz", i) }

// packedSet packs a tree as a set of three shards and returns the name of its list.
func packedSet(t testing.TB, seed string, o shard.PackOptions) string {
	t.Helper()
	o.Shards = 3
	name := filepath.Join(t.TempDir(), "out.tar.gz")
	if _, err := shard.Pack(t.Context(), tartest.Tree(t, files(seed)...), name, o); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(filepath.Dir(name), filepath.Base(listPath))
}

// put puts all files of the directory of a file on a server.
func put(t testing.TB, s *remotetest.Server, name string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(name))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		s.Put("/dir/"+e.Name(), tartest.Read(t, filepath.Join(filepath.Dir(name), e.Name())))
	}
}

// serveSet starts a server with a set.
func serveSet(t testing.TB, seed string) *remotetest.Server {
	t.Helper()
	s := remotetest.New(t, nil)
	put(t, s, packedSet(t, seed, shard.PackOptions{}))
	return s
}

// openSet opens the set of a server. It is closed after the test.
func openSet(t testing.TB, s *remotetest.Server, o *remote.Options) *tarpack.Archive {
	t.Helper()
	a, err := remote.Open(t.Context(), s.URL+listPath, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// fileIn returns a file that is in shard i.
func fileIn(t testing.TB, a *tarpack.Archive, i int) string {
	t.Helper()
	off := int64(0)
	for k := range i {
		off += a.ShardSize(k)
	}
	for row, err := range a.Index().All(0, a.Index().Len()) {
		if err != nil {
			t.Fatal(err)
		}
		if e := row.Entry; e.ContentLen > 0 && e.Offset >= off && e.Offset < off+a.ShardSize(i) {
			return string(row.Path)
		}
	}
	t.Fatal("no file in shard", i)
	return ""
}

// asked returns the names of the files that a server was asked for since the last Do.
func asked(s *remotetest.Server) (names []string) {
	for _, r := range s.Requests() {
		names = append(names, strings.TrimPrefix(r.URL.Path, "/dir/out-"))
	}
	slices.Sort(names)
	return names
}

// A set is opened by the URL of its list or of its first shard.
func TestOpenSet(t *testing.T) {
	s := serveSet(t, "x")
	c, err := s3.New(&s3.Options{Endpoint: s.URL, Anonymous: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, base := range []string{s.URL, "s3:/"} {
		for _, path := range []string{listPath, shardPath(0)} {
			for _, limit := range []int64{0, 1} {
				for dir, cache := range map[string]*blocks.Cache{"": nil, "disk": newCache(t.TempDir())} {
					t.Run(fmt.Sprintf("%.2s/%s/%d/%s", base, path, limit, dir), func(t *testing.T) {
						a, err := remote.Open(t.Context(), base+path,
							&remote.Options{S3: c, Blocks: cache, LoadIndex: limit})
						if err != nil {
							t.Fatal(err)
						}
						defer a.Close()
						if a.Name() != base+listPath || a.Shards() != 3 || a.IndexRebuilt() ||
							a.Source().Identity() == "" {
							t.Errorf("%s, %d shards", a.Name(), a.Shards())
						}
						if name, _, err := a.Shard(a.ShardSize(0)); err != nil || name != base+shardPath(1) {
							t.Error(name, err)
						}
						if _, err := check(t, a, "x"); err != nil {
							t.Error(err)
						}
						if err := errors.Join(a.Source().Check(), a.Index().Verify(),
							a.Check(t.Context(), 1)); err != nil {
							t.Error(err)
						}
					})
				}
			}
		}
	}
}

// The query of a URL is that of every file, and messages don't have it.
func TestSetQuery(t *testing.T) {
	s := serveSet(t, "x")
	s.Do(func(_ int, r *http.Request) remotetest.Fault {
		if r.URL.RawQuery != "key=secret" {
			return remotetest.Status(403, "")
		}
		return nil
	})
	a, err := remote.Open(t.Context(), s.URL+shardPath(0)+"?key=secret", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, err := check(t, a, "x"); err != nil || a.Name() != s.URL+listPath {
		t.Error(a.Name(), err)
	}
}

// What is not the first shard of a set is an archive of its own, and so is a first shard that has
// no list and no other shard beside it.
func TestShardAlone(t *testing.T) {
	s := serveSet(t, "x")
	open := func(i int) (*tarpack.Archive, error) {
		return remote.Open(t.Context(), s.URL+shardPath(i), nil)
	}
	a, err := open(1)
	if err != nil || a.Shards() != 0 || a.Name() != s.URL+shardPath(1) {
		t.Fatal(err)
	}
	a.Close()
	s.Put(listPath, nil)
	if _, err := open(0); !errors.Is(err, format.ErrNoList) ||
		!strings.HasPrefix(err.Error(), s.URL+listPath+": ") {
		t.Error(err)
	}
	s.Put(shardPath(1), nil)
	if a, err = open(0); err != nil || a.Shards() != 0 {
		t.Fatal(err)
	}
	a.Close()
}

// Opening takes two requests, and the first file of a shard two. Shards that are not needed are not
// asked for.
func TestSetRequests(t *testing.T) {
	s := serveSet(t, "x")
	dir := t.TempDir()
	for i, want := range [][]string{{"00002-of-00003.tar.gz", "00002-of-00003.tar.gz"},
		{"00002-of-00003.tar.gz"}} { // in the cache then
		s.Do(nil)
		a := openSet(t, s, &remote.Options{Blocks: newCache(dir)})
		if got := asked(s); !slices.Equal(got, []string{"of-00003.tar.gz.tps",
			"of-00003.tar.gz.tps.tpi"}) {
			t.Error(got)
		}
		name := fileIn(t, a, 2)
		s.Do(nil)
		for range 2 {
			if _, err := fs.ReadFile(a.FS(), name); err != nil {
				t.Error(err)
			}
		}
		if got := asked(s); !slices.Equal(got, want) {
			t.Errorf("%d: %q", i, got)
		}
	}
}

// A hundred readers of a shard that was not read yet cause one request for its end.
func TestSetSingleFlight(t *testing.T) {
	s := serveSet(t, "x")
	a := openSet(t, s, nil)
	name := fileIn(t, a, 1)
	s.Do(nil)
	var readers sync.WaitGroup
	for range 100 {
		readers.Go(func() {
			if _, err := fs.ReadFile(a.FS(), name); err != nil {
				t.Error(err)
			}
		})
	}
	readers.Wait()
	if n := len(s.Requests()); n != 2 {
		t.Errorf("%q", s.Ranges())
	}
}

// Readers of many shards, of which few may have their files open.
func TestManyShards(t *testing.T) {
	s := serveSet(t, "x")
	for _, dir := range []string{"", t.TempDir()} {
		a := openSet(t, s, &remote.Options{Blocks: newCache(dir)})
		open := remote.LimitShards(a, 1)
		var readers sync.WaitGroup
		for range 5 {
			readers.Go(func() {
				for range 2 {
					if _, err := check(t, a, "x"); err != nil {
						t.Error(err)
					}
				}
			})
		}
		readers.Wait()
		if _, err := fs.ReadFile(a.FS(), fileIn(t, a, 0)); err != nil || open() > 1 {
			t.Error(open(), err)
		}
		s.Do(nil)
		for i := range 3 { // each is opened again, with the generation that is known
			if _, err := fs.ReadFile(a.FS(), fileIn(t, a, i)); err != nil || open() > 1 {
				t.Error(open(), err)
			}
		}
		for _, r := range s.Ranges() {
			if strings.HasPrefix(r, "-") {
				t.Errorf("%q", s.Ranges())
			}
		}
	}
}

// The methods of the source of a set, across the ends of shards.
func TestSetSource(t *testing.T) {
	s := serveSet(t, "x")
	var all []byte
	for i := range 3 {
		all = append(all, s.Content(shardPath(i))...)
	}
	a := openSet(t, s, &remote.Options{Blocks: newCache(t.TempDir())})
	src := a.Source()
	if src.ReadNow(make([]byte, 1), 0) {
		t.Error("nothing was read yet")
	}
	if _, ok, err := src.Piece(0, 1); ok || err != nil {
		t.Error("nothing was read yet", err)
	}
	end := a.ShardSize(0)
	if err := src.Fetch(t.Context(), end-10, src.Size()); err != nil {
		t.Error(err)
	}
	b := make([]byte, 10)
	if !src.ReadNow(b, end-10) || !bytes.Equal(b, all[end-10:end]) || src.ReadNow(b, end-5) {
		t.Error("other bytes")
	}
	p, ok, err := src.Piece(end-10, 20)
	if err != nil || !ok || p.Length != 10 {
		t.Fatal(p.Length, ok, err)
	}
	if _, err := p.File.ReadAt(b, p.Offset); err != nil || !bytes.Equal(b, all[end-10:end]) {
		t.Error(err)
	}
	p.Release()
	got := make([]byte, len(all)+1)
	if n, err := src.ReadAt(got, 0); n != len(all) || err == nil || !bytes.Equal(got[:n], all) {
		t.Error(n, err)
	}
	if n, err := src.ReadAt(got, -1); n != 0 || err == nil {
		t.Error(n, err)
	}
	cause := errors.New("stop")
	remote.Cancel(a, cause)
	other := openSet(t, s, nil)
	remote.Cancel(other, cause)
	if _, err := other.Source().ReadAt(b, 0); !errors.Is(err, cause) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	hang := openSet(t, s, nil)
	s.Do(remotetest.Always(remotetest.Hang))
	if err := hang.Source().Fetch(ctx, 0, 1); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A signed set is read; one that was changed is refused.
func TestTrustSet(t *testing.T) {
	name := packedSet(t, "x", shard.PackOptions{SHA256: true})
	trust := tartest.Sign(t, name)
	s := remotetest.New(t, nil)
	put(t, s, name)
	url := s.URL + listPath
	o := &remote.Options{Trust: trust}
	for _, url := range []string{url, s.URL + shardPath(0)} {
		if err := openAndCheck(t, url, "x", o); err != nil {
			t.Error(err)
		}
	}
	other := &remote.Options{Trust: &signature.Trust{Key: tartest.NewKey(t).Public()}}
	if err := openAndCheck(t, url, "x", other); !errors.Is(err, signature.ErrRefused) {
		t.Error(err)
	}
	for _, path := range []string{listPath, setSide, shardPath(0), shardPath(1), shardPath(2),
		listPath + signature.SumSuffix, listPath + signature.SignatureSuffix} {
		s.Do(func(_ int, r *http.Request) remotetest.Fault {
			if r.URL.Path == path {
				return remotetest.Flip
			}
			return nil
		})
		if err := openAndCheck(t, url, "x", o); err == nil {
			t.Errorf("%s is damaged", path)
		}
	}
	s.Do(nil)
	put(t, s, packedSet(t, "y", shard.PackOptions{SHA256: true})) // which is not signed
	if err := openAndCheck(t, url, "y", o); !errors.Is(err, signature.ErrRefused) {
		t.Error(err)
	}
}

// All files of a set are downloaded.
func TestDownloadSet(t *testing.T) {
	s := serveSet(t, "x")
	dir := t.TempDir()
	name, shown, err := remote.Download(t.Context(), s.URL+shardPath(0), dir, nil)
	if err != nil || shown != s.URL+listPath || name != filepath.Join(dir, filepath.Base(listPath)) {
		t.Fatal(name, shown, err)
	}
	res, err := tarpack.Verify(t.Context(), name, tarpack.VerifyOptions{
		Notice: func(err error) { t.Error(err) }})
	if err != nil || res.Failed > 0 || res.Entries == 0 {
		t.Error(res, err)
	}
}
