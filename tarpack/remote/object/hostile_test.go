package object_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/tarpack/remote/internal/remotetest"
	"github.com/tarpack/tpk/tarpack/remote/object"
	"github.com/tarpack/tpk/tarpack/remote/web"
	"github.com/tarpack/tpk/tarpack/source"
)

// content returns n bytes, always the same ones.
func content(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{})
	_, _ = r.Read(b)
	return b
}

// openAt opens the object with a URL.
func openAt(t testing.TB, url string, o *object.Options) (*object.Object, error) {
	t.Helper()
	c, err := web.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	s, err := c.Object(url)
	if err != nil {
		t.Fatal(err)
	}
	return object.Open(t.Context(), s, o)
}

func open(t testing.TB, s *remotetest.Server, o *object.Options) *object.Object {
	t.Helper()
	x, err := openAt(t, s.Object(), o)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// get reads all of a range.
func get(t testing.TB, x *object.Object, off, n int64) ([]byte, error) {
	t.Helper()
	r, err := x.Get(t.Context(), off, n)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// kinds returns which of the kinds of errors err is, in the order of the package comment.
func kinds(err error) string {
	var list []string
	for _, kind := range []struct {
		name string
		err  error
	}{
		{"changed", source.ErrChanged}, {"unavailable", source.ErrUnavailable},
		{"answer", object.ErrAnswer}, {"missing", fs.ErrNotExist}, {"denied", fs.ErrPermission},
	} {
		if errors.Is(err, kind.err) {
			list = append(list, kind.name)
		}
	}
	if err != nil && list == nil {
		return err.Error()
	}
	return strings.Join(list, " ")
}

// quick are options with which a server that hangs is given up soon.
func quick() *object.Options {
	return &object.Options{Retries: 1, HeaderTimeout: 300 * time.Millisecond,
		StallTimeout: 300 * time.Millisecond, RetryAfter: time.Second}
}

// Whatever a server does, the bytes are right or there is an error, of the right kind.
func TestHostileServer(t *testing.T) {
	data := content(300)
	for _, f := range remotetest.Cases {
		for _, test := range []struct {
			when string
			what func(remotetest.Fault) func(int, *http.Request) remotetest.Fault
			want string
		}{{"once", remotetest.Once, f.Once}, {"always", remotetest.Always, f.Always}} {
			t.Run(f.Name+"/"+test.when, func(t *testing.T) {
				t.Parallel()
				s := remotetest.New(t, data)
				o := quick()
				o.First = -20
				x := open(t, s, o)
				s.Do(test.what(f.Fault))
				got, err := get(t, x, 50, 200)
				want := test.want
				if want == "answer" {
					want = "unavailable answer" // it has answered rightly before
				}
				if kinds(err) != want || !bytes.HasPrefix(data[50:250], got) ||
					err == nil && len(got) != 200 {
					t.Errorf("%d bytes, %v", len(got), err)
				}
				if err != nil && !strings.HasPrefix(err.Error(), s.Object()+": ") {
					t.Errorf("no name: %v", err)
				}
				if max := 2 * 6; len(s.Requests()) > max { // attempts, redirects
					t.Errorf("%d requests", len(s.Requests()))
				}
			})
		}
	}
}

// The same of the first requests. A fault in all answers may look like another object; the bytes
// that are read are those of this one all the same.
func TestHostileServerAtOpen(t *testing.T) {
	data := content(300)
	for _, f := range remotetest.Cases {
		for _, test := range []struct {
			when string
			what func(remotetest.Fault) func(int, *http.Request) remotetest.Fault
			want string
		}{{"once", remotetest.Once, f.OpenOnce}, {"always", remotetest.Always, f.OpenAlways}} {
			for _, first := range []int64{-250, 250} {
				t.Run(fmt.Sprintf("%s/%s/%d", f.Name, test.when, first), func(t *testing.T) {
					t.Parallel()
					s := remotetest.New(t, data)
					s.Do(test.what(f.Fault))
					o := quick()
					o.First = first
					x, err := openAt(t, s.Object(), o)
					if requests := len(s.Requests()); requests > 12 {
						t.Errorf("%d requests", requests)
					}
					switch {
					case first < 0 && kinds(err) != test.want && x == nil:
						t.Fatal(err)
					case err != nil && (kinds(err) == err.Error() || !strings.HasPrefix(err.Error(), s.Object())):
						t.Fatal(err)
					case err != nil || x.Size() == 0 && strings.HasPrefix(f.Name, "416"):
						return
					}
					got, err := get(t, x, 0, x.Size())
					if err != nil && kinds(err) == err.Error() || err == nil && len(got) != len(data) ||
						!bytes.HasPrefix(data, got) {
						t.Errorf("%d bytes: %d, %v", x.Size(), len(got), err)
					}
				})
			}
		}
	}
}
