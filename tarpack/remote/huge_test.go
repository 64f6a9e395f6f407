package remote_test

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/remote/internal/remotetest"
	"github.com/tarpack/tpk/tarpack/remote/object"
)

// zeros serves size zero bytes by ranges.
func zeros(size int64) remotetest.Fault {
	return remotetest.Handle(func(w http.ResponseWriter, r *http.Request) {
		from, to, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), "-")
		first, err := strconv.ParseInt(from, 10, 64)
		last, _ := strconv.ParseInt(to, 10, 64)
		if err != nil {
			first, last = size-last, size-1
		}
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, size))
		w.Header().Set("Content-Length", strconv.FormatInt(last-first+1, 10))
		w.WriteHeader(http.StatusPartialContent)
		if n := last - first + 1; n <= 16<<20 {
			_, _ = w.Write(make([]byte, n))
		}
	})
}

// An archive or a sidecar that is said to be as large as can be. Next to nothing of it is read.
func TestHuge(t *testing.T) {
	archive, side := packed(t, "x", pack.Options{})
	for _, size := range []int64{1 << 31, 1 << 40, 1 << 56, 1<<56 + 1, 1<<63 - 1} {
		for path, want := range map[string]error{
			remotetest.Path: format.ErrNotArchive, sidePath: format.ErrStale,
		} {
			if size > 1<<56 {
				want = object.ErrAnswer
			}
			s := serve(t, archive, side)
			s.Do(func(_ int, r *http.Request) remotetest.Fault {
				if r.URL.Path == path {
					return zeros(size)
				}
				return nil
			})
			err := openAndCheck(t, s.Object(), "x", &remote.Options{Blocks: newCache(t.TempDir())})
			if !errors.Is(err, want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s of %d bytes: %v", path, size, err)
			}
			if n := len(s.Requests()); n > 12 {
				t.Errorf("%s of %d bytes: %q", path, size, s.Ranges())
			}
		}
	}
}
