package remote

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/remote/blocks"
	"github.com/tarpack/tpk/tarpack/remote/s3"
	"github.com/tarpack/tpk/tarpack/source"
)

// packSet packs a tree of writeTree as four shards. It returns all files of the set, those of the
// list last, as they must be uploaded.
func packSet(t testing.TB, n int, seed byte) (dir string, names []string, set map[string][]byte) {
	t.Helper()
	dir = filepath.Join(tools.Dir(t), "tree")
	writeTree(t, dir, n, seed)
	out := tools.Dir(t)
	fixture.Pack(t, dir, filepath.Join(out, "a.tar.gz"), "--shards", "4")
	entries, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	set = map[string][]byte{}
	for _, e := range entries {
		names = append(names, e.Name())
		if set[e.Name()], err = os.ReadFile(filepath.Join(out, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(names) // a-00000-of-… before a-of-…
	if len(names) != 10 || names[8] != "a-of-00004.tar.gz.tps" {
		t.Fatalf("%q", names)
	}
	return dir, names, set
}

// A set in S3 and on nginx, by all names that it has there.
func TestSet(t *testing.T) {
	g, store, host, root, client := bothServers(t)
	dir, names, set := packSet(t, 300, 1)
	for _, name := range names {
		g.put(t, "dir/"+name, set[name], 0)
		replace(t, filepath.Join(root, name), set[name], time.Now())
	}
	in := "s3://" + bucket + "/dir"
	for _, url := range []string{in + "/a-of-00004.tar.gz.tps", in + "/a-00000-of-00004.tar.gz",
		in + "/a.tar.gz", host + "/a-of-00004.tar.gz.tps", host + "/a-00000-of-00004.tar.gz"} {
		for _, limit := range []int64{0, 1} {
			o := &remote.Options{S3: store, Web: client, LoadIndex: limit,
				Blocks: blocks.New(blocks.Options{Dir: filepath.Join(tools.Dir(t), "blocks")})}
			a, err := remote.Open(t.Context(), url, o)
			if err != nil {
				t.Fatal(err)
			}
			sameAs(t, a, dir)
			if err := a.Source().Check(); err != nil || a.Shards() != 4 ||
				!strings.HasSuffix(a.Name(), "/a-of-00004.tar.gz.tps") {
				t.Error(a.Name(), a.Shards(), err)
			}
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if _, err := remote.Open(t.Context(), host+"/a.tar.gz", &remote.Options{Web: client}); !errors.Is(
		err, fs.ErrNotExist) {
		t.Errorf("https has no list of files: %v", err)
	}
	// Who may not list the bucket has to name the list.
	_, err := remote.Open(t.Context(), in+"/none.tar.gz", &remote.Options{S3: store})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	g.put(t, "dir/a-of-00007.tar.gz.tps", []byte("of another set"), 0)
	_, err = remote.Open(t.Context(), in+"/a.tar.gz", &remote.Options{S3: store})
	contains(t, err, "two sets", "a-of-00004.tar.gz.tps", "a-of-00007.tar.gz.tps")
}

// A set that is replaced 20 times, with -short 8 times, while others open and read it, in S3 and on
// nginx. All that they read is of one generation.
func TestSetReplaced(t *testing.T) {
	g, store, host, root, client := bothServers(t)
	var generations [2]map[string][]byte
	var names []string
	for i := range generations {
		_, names, generations[i] = packSet(t, 200, byte(i))
	}
	at := time.Unix(1e9, 0) // the ETag of nginx has only the time in seconds and the size
	for url, put := range map[string]func(name string, b []byte){
		"s3://" + bucket + "/": func(name string, b []byte) { g.put(t, name, b, 0) },
		host + "/": func(name string, b []byte) {
			replace(t, filepath.Join(root, name), b, at)
		},
	} {
		upload := func(i int) {
			at = at.Add(time.Second)
			for _, name := range names {
				put(name, generations[i%2][name])
			}
		}
		upload(0)
		cache := blocks.New(blocks.Options{Dir: filepath.Join(tools.Dir(t), "blocks")})
		once := func() error {
			a, err := remote.Open(t.Context(), url+"a-of-00004.tar.gz.tps",
				&remote.Options{S3: store, Web: client, Blocks: cache})
			if err != nil {
				return err
			}
			return errors.Join(oneGeneration(t, a), a.Close())
		}
		times := 20
		if testing.Short() {
			times = 8
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := range times {
				upload(i)
			}
		}()
		for finished := false; !finished; {
			select {
			case <-done:
				finished = true
			default:
			}
			err := once()
			// The list and its sidecar are of two generations for a moment.
			if err != nil && !errors.Is(err, source.ErrChanged) && !errors.Is(err, format.ErrStale) {
				t.Error(err)
			}
			if finished && err != nil {
				t.Error("when it is complete:", err)
			}
		}
	}
}

// A bucket that anybody may read, and nobody but its owner may list: the list must be named.
func TestSetNotListed(t *testing.T) {
	g, _, _ := versitygw(t)
	_, names, set := packSet(t, 100, 1)
	for _, name := range names {
		g.put(t, name, set[name], 0)
	}
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",` +
		`"Action":["s3:GetObject"],"Resource":["arn:aws:s3:::` + bucket + `/*"]}]}`
	if err := g.client.SetBucketPolicy(t.Context(), bucket, policy); err != nil {
		t.Fatal(err)
	}
	anonymous := g.options()
	anonymous.AccessKey, anonymous.SecretKey, anonymous.Anonymous = "", "", true
	store, err := s3.New(&anonymous)
	if err != nil {
		t.Fatal(err)
	}
	o := &remote.Options{S3: store}
	_, err = remote.Open(t.Context(), "s3://"+bucket+"/a.tar.gz", o)
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
		t.Error(err)
	}
	a, err := remote.Open(t.Context(), "s3://"+bucket+"/a-of-00004.tar.gz.tps", o)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	for o := range g.client.ListObjects(t.Context(), bucket, minio.ListObjectsOptions{}) {
		if o.Err != nil {
			t.Error("its owner may list it:", o.Err)
		}
	}
}
