package remote_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/remote/internal/remotetest"
	"github.com/tarpack/tpk/tarpack/source"
)

// fetched returns the bytes of the archive that the ranges since the last Do have.
func fetched(t *testing.T, s *remotetest.Server) (sum int64) {
	t.Helper()
	size := int64(len(s.Content(remotetest.Path)))
	for _, r := range s.Requests() {
		if r.URL.Path != remotetest.Path {
			continue
		}
		first, end := rangeOf(t, r.Header.Get("Range"), size)
		sum += end - first
	}
	return sum
}

// rangeOf parses the Range field of a request for an object of size bytes.
func rangeOf(t *testing.T, v string, size int64) (first, end int64) {
	t.Helper()
	from, to, _ := strings.Cut(strings.TrimPrefix(v, "bytes="), "-")
	if from == "" {
		return max(0, size-number(t, to)), size
	}
	return number(t, from), min(size, number(t, to)+1)
}

// An index that was built is found in the cache by the next program, and so are the contents that
// were read for it. The archive is downloaded once. Another generation has an index of its own.
func TestBuiltIndexKept(t *testing.T) {
	for _, limit := range []int64{0, 1} { // the index is mapped, or read by blocks
		archive, _ := packed(t, "x", pack.Options{})
		s := serve(t, archive, nil)
		dir := t.TempDir()
		notices := 0
		open := func(seed string) error {
			return openAndCheck(t, s.Object(), seed, &remote.Options{
				BuildIndex: true, Blocks: newCache(dir), LoadIndex: limit,
				Notice: func(err error) {
					if notices++; !errors.Is(err, remote.ErrBuilding) || !errors.Is(err, format.ErrNoSidecar) {
						t.Error(err)
					}
				}})
		}
		s.Do(nil)
		if err := open("x"); err != nil || notices != 1 {
			t.Fatal(notices, err)
		}
		size := int64(len(archive))
		if n := fetched(t, s); n < size || n > size+128<<10 { // the end of it is read first
			t.Errorf("%d bytes of %d were fetched", n, size)
		}
		s.Do(nil)
		if err := open("x"); err != nil || notices != 1 {
			t.Fatal(notices, err)
		}
		if n := fetched(t, s); n > 128<<10 {
			t.Errorf("%d bytes were fetched the second time", n)
		}
		s.Do(nil) // it is used without BuildIndex as well
		err := openAndCheck(t, s.Object(), "x", &remote.Options{Blocks: newCache(dir), LoadIndex: limit})
		if err != nil || fetched(t, s) > 128<<10 {
			t.Error(err)
		}
		other, _ := packed(t, "y", pack.Options{})
		s.Put(remotetest.Path, other)
		if err := open("y"); err != nil || notices != 2 {
			t.Error(notices, err)
		}
	}
}

// A cache that was damaged costs another download, and is no error.
func TestBuiltIndexDamaged(t *testing.T) {
	archive, _ := packed(t, "x", pack.Options{})
	s := serve(t, archive, nil)
	dir := t.TempDir()
	for range 2 {
		err := openAndCheck(t, s.Object(), "x", &remote.Options{BuildIndex: true, Blocks: newCache(dir)})
		if err != nil {
			t.Fatal(err)
		}
		list, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			if strings.HasSuffix(e.Name(), ".data") {
				if err := os.Truncate(dir+"/"+e.Name(), 0); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// What ends a build: an archive that is damaged, one that is replaced, a server that fails, a
// caller that gives up. The next program can build it.
func TestBuildFails(t *testing.T) {
	archive, _ := packed(t, "x", pack.Options{})
	damaged := append([]byte{}, archive...)
	damaged[len(damaged)/2] ^= 1
	stop := errors.New("stopped")
	for name, test := range map[string]struct {
		archive []byte
		fault   func(cancel context.CancelCauseFunc) remotetest.Fault
		want    error
	}{
		"damaged": {archive: damaged, want: format.ErrCorrupt},
		"down": {archive, func(context.CancelCauseFunc) remotetest.Fault {
			return remotetest.Status(503, "3600")
		}, source.ErrUnavailable},
		"cancelled": {archive, func(cancel context.CancelCauseFunc) remotetest.Fault {
			cancel(stop)
			return remotetest.Hang
		}, stop},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, test.archive, nil)
			ctx, cancel := context.WithCancelCause(t.Context())
			// The first requests open the archive.
			s.Do(func(_ int, r *http.Request) remotetest.Fault {
				if test.fault == nil || r.URL.Path != remotetest.Path ||
					!strings.HasPrefix(r.Header.Get("Range"), "bytes=0-") {
					return nil
				}
				return test.fault(cancel)
			})
			dir := t.TempDir()
			_, err := remote.Open(ctx, s.Object(), &remote.Options{BuildIndex: true,
				Blocks: newCache(dir), Retries: 1})
			if !errors.Is(err, test.want) || !strings.HasPrefix(err.Error(), s.Object()) &&
				name != "cancelled" {
				t.Error(err)
			}
			s.Do(nil)
			s.Put(remotetest.Path, archive)
			if err := openAndCheck(t, s.Object(), "x", &remote.Options{BuildIndex: true,
				Blocks: newCache(dir)}); err != nil {
				t.Error(err)
			}
		})
	}
}

func number(t *testing.T, s string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
