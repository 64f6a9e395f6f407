package remote_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tarpack/tpk/internal/filetest"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/remote/internal/remotetest"
	"github.com/tarpack/tpk/tarpack/signature"
	"github.com/tarpack/tpk/tarpack/source"
)

// byBlocks is a LoadIndex for the tree of docs: its index is larger, and the table in it is not.
const byBlocks = 100 << 10

const docsPath = "/dir/out.tar.gz"

// docs makes a tree like generated documentation: 3,000 pages of 2 KB on average in deep
// directories, equal ones among them, which become hard links.
func docs(t *testing.T) (dir string) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	var list [][2]string
	for i := range 3000 {
		name := fmt.Sprintf("share/doc/module%02d/struct%03d/method.%d.html", i%17, i/20, i)
		text := tartest.Text(fmt.Sprint(i), 200+r.IntN(2000)+r.IntN(2000))
		if i%20 == 0 {
			text = "<p>redirected</p>" + fmt.Sprint(i%100)
		}
		list = append(list, [2]string{name, text})
	}
	dir = tartest.Tree(t, list...)
	for i := 7; i < 3000; i += 20 {
		link := fmt.Sprintf("share/doc/module%02d/struct%03d/alias.%d.html", i%17, i/20, i)
		target := fmt.Sprintf("../../module%02d/struct%03d/method.%d.html", (i+1)%17, (i+1)/20, i+1)
		filetest.NeedSymlinks(t)
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 5 { // absent paths may lead through them
		filetest.NeedSymlinks(t)
		if err := os.Symlink("doc", filepath.Join(dir, "share", fmt.Sprint("link", i))); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// coldReads opens an archive for each path, with an empty cache, and returns how many requests
// reading them took, without those of opening.
func coldReads(
	t *testing.T, s *remotetest.Server, o remote.Options, paths []string, want error,
) (total int) {
	t.Helper()
	for _, path := range paths {
		a, err := remote.Open(t.Context(), s.URL+docsPath, &o)
		if err != nil {
			t.Fatal(err)
		}
		s.Do(nil)
		if _, err := fs.ReadFile(a.FS(), path); !errors.Is(err, want) {
			t.Fatalf("%s: %v", path, err)
		}
		total += len(s.Requests())
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
	return total
}

// sample returns paths of entries of a type, at random.
func sample(t *testing.T, a *tarpack.Archive, of sidecar.Type, n int) (paths []string) {
	t.Helper()
	var all []string
	for row, err := range a.Index().All(0, a.Index().Len()) {
		if err != nil {
			t.Fatal(err)
		}
		if row.Entry.Type == of {
			all = append(all, string(row.Path))
		}
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range n {
		paths = append(paths, all[r.IntN(len(all))])
	}
	return paths
}

// Requests for a file that is read first, with nothing in the cache. An index is in memory, or its
// table is, or nothing, or it is signed.
func TestColdRequests(t *testing.T) {
	dir := docs(t)
	name := tartest.Pack(t, dir, pack.Options{SHA256: true})
	trust := tartest.Sign(t, name)
	s, embedded := remotetest.New(t, nil), remotetest.New(t, nil)
	for _, suffix := range []string{"", format.SidecarSuffix, signature.SumSuffix,
		signature.SignatureSuffix} {
		s.Put(docsPath+suffix, tartest.Read(t, name+suffix))
	}
	embedded.Put(docsPath, tartest.Read(t, tartest.Pack(t, dir, pack.Options{EmbedIndex: true})))
	a := tartest.Open(t, name)
	if size, table := a.Index().Size(), a.Index().TableSize(); size <= byBlocks || table > byBlocks {
		t.Fatalf("an index of %d bytes, its table has %d", size, table)
	}
	const n = 60
	files := sample(t, a, sidecar.TypeFile, n)
	links := sample(t, a, sidecar.TypeHardlink, n)
	var symlinks, absent []string
	for i := range n {
		k := 7 + i*40
		symlinks = append(symlinks, fmt.Sprintf("share/doc/module%02d/struct%03d/alias.%d.html",
			k%17, k/20, k))
		absent = append(absent, files[i]+".map")
	}
	for _, c := range []struct {
		what   string
		server *remotetest.Server
		o      remote.Options
		most   [4]int // requests for n files, hard links, symbolic links and absent paths
	}{
		{"downloaded", s, remote.Options{}, [4]int{n, n, n, 0}},
		{"table kept", s, remote.Options{LoadIndex: byBlocks},
			[4]int{n * 21 / 10, n * 41 / 10, n * 41 / 10, n * 11 / 10}},
		{"embedded", embedded, remote.Options{LoadIndex: byBlocks},
			[4]int{n * 21 / 10, n * 41 / 10, n * 41 / 10, n * 11 / 10}},
		{"nothing kept", s, remote.Options{LoadIndex: 1},
			[4]int{n * 41 / 10, n * 56 / 10, n * 61 / 10, n * 31 / 10}},
		{"signed", s, remote.Options{LoadIndex: byBlocks, Trust: trust},
			[4]int{n * 41 / 10, n * 56 / 10, n * 61 / 10, n * 31 / 10}},
	} {
		t.Run(c.what, func(t *testing.T) {
			for k, kind := range []struct {
				what  string
				paths []string
				want  error
			}{{"files", files, nil}, {"hard links", links, nil}, {"symbolic links", symlinks, nil},
				{"absent", absent, fs.ErrNotExist}} {
				got := coldReads(t, c.server, c.o, kind.paths, kind.want)
				t.Logf("%s: %d requests for %d", kind.what, got, n)
				if got > c.most[k] {
					t.Errorf("%s: %d requests for %d, want %d", kind.what, got, n, c.most[k])
				}
			}
		})
	}
}

// tableServer serves the tree of files with an index of which only the table is kept, and returns
// the options for that.
func tableServer(t *testing.T) (*remotetest.Server, *remote.Options) {
	archive, side := packed(t, "x", pack.Options{})
	x, err := sidecar.OpenBytes(side)
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, archive, side), &remote.Options{LoadIndex: x.TableSize()}
}

// With a kept table, each path is found, and no other one.
func TestTableKept(t *testing.T) {
	s, o := tableServer(t)
	a, err := remote.Open(t.Context(), s.Object(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if !a.Index().TableKept() {
		t.Error("the table is not kept")
	}
	if _, err := check(t, a, "x"); err != nil {
		t.Error(err)
	}
	for row, err := range a.Index().All(0, a.Index().Len()) {
		if err != nil {
			t.Fatal(err)
		}
		if i, ok, err := a.Index().Lookup(string(row.Path)); i != row.Ordinal || !ok || err != nil {
			t.Error(string(row.Path), i, ok, err)
		}
	}
	for i := range 20_000 { // some have the tag of an entry
		if _, ok, err := a.Index().Lookup(fmt.Sprint("many/x", i)); ok || err != nil {
			t.Error(i, ok, err)
		}
	}
}

// A table that was damaged on the way is fetched again. One that is damaged is an error.
func TestTableDamaged(t *testing.T) {
	s, o := tableServer(t)
	for _, always := range []bool{false, true} {
		o.Blocks = newCache(t.TempDir())
		left := true
		s.Do(func(n int, r *http.Request) remotetest.Fault {
			if r.URL.Path == sidePath && n >= 2 && (left || always) {
				left = false
				return remotetest.Flip
			}
			return nil
		})
		side := s.Content(sidePath)
		if always {
			side[len(side)-1] ^= 1
			s.Put(sidePath, side)
		}
		err := openAndCheck(t, s.Object(), "x", o)
		if always != errors.Is(err, format.ErrStale) {
			t.Error(always, err)
		}
	}
}

// A tar header that is damaged does not decide what is found. If its server is down, that is the
// error.
func TestTableHeaders(t *testing.T) {
	s, o := tableServer(t)
	for _, down := range []bool{false, true} {
		o.Retries = -1
		a, err := remote.Open(t.Context(), s.Object(), o)
		if err != nil {
			t.Fatal(err)
		}
		s.Do(func(_ int, r *http.Request) remotetest.Fault {
			switch {
			case r.URL.Path != remotetest.Path:
				return nil
			case down:
				return remotetest.Status(503, "")
			}
			return remotetest.Handle(func(w http.ResponseWriter, r *http.Request) {
				content := s.Content(remotetest.Path)
				for i := range content[:4000] { // the first headers
					content[i] ^= 1
				}
				w.Header().Set("ETag", s.ETag(remotetest.Path))
				http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
			})
		})
		_, ok, err := a.Index().Lookup("a.txt")
		if down != errors.Is(err, source.ErrUnavailable) || ok == down {
			t.Error(down, ok, err)
		}
		a.Close()
	}
}
