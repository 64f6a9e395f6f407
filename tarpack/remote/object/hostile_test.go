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

// faults are what a server does to one request or to all, and the kind of error that comes of it.
// "" is no error, and the right bytes.
var faults = []struct {
	name         string
	fault        remotetest.Fault
	once, always string // after Open
	openOnce     string
	openAlways   string
}{
	{"500", remotetest.Status(500, ""), "", "unavailable", "", "unavailable"},
	{"502", remotetest.Status(502, ""), "", "unavailable", "", "unavailable"},
	{"503", remotetest.Status(503, ""), "", "unavailable", "", "unavailable"},
	{"503 now", remotetest.Status(503, "0"), "", "unavailable", "", "unavailable"},
	{"503 long", remotetest.Status(503, "3600"), "unavailable", "unavailable", "unavailable",
		"unavailable"},
	{"429", remotetest.Status(429, ""), "", "unavailable", "", "unavailable"},
	{"408", remotetest.Status(408, ""), "", "unavailable", "", "unavailable"},
	{"501", remotetest.Status(501, ""), "answer", "answer", "", "answer"},
	{"401", remotetest.Status(401, ""), "unavailable denied", "unavailable denied", "denied",
		"denied"},
	{"403", remotetest.Status(403, ""), "unavailable denied", "unavailable denied", "denied",
		"denied"},
	{"404", remotetest.Status(404, ""), "changed", "changed", "missing", "missing"},
	{"410", remotetest.Status(410, ""), "changed", "changed", "missing", "missing"},
	{"412", remotetest.Status(412, ""), "changed", "changed", "answer", "answer"},
	// To a range from the start it means that the object is empty.
	{"416", remotetest.Status(416, ""), "changed", "changed", "", ""},
	{"400", remotetest.Status(400, ""), "answer", "answer", "", "answer"},
	{"418", remotetest.Status(418, ""), "answer", "answer", "answer", "answer"},
	{"204", remotetest.Status(204, ""), "answer", "answer", "answer", "answer"},
	{"304", remotetest.Status(304, ""), "answer", "answer", "answer", "answer"},
	{"whole", remotetest.Whole, "answer", "answer", "", "answer"},
	{"other range", remotetest.OtherRange, "answer", "answer", "answer", "answer"},
	{"other size", remotetest.OtherSize, "changed", "changed", "answer", "answer"},
	{"no Content-Range", remotetest.ContentRange(""), "answer", "answer", "answer", "answer"},
	{"unknown size", remotetest.ContentRange("bytes 0-99/*"), "answer", "answer", "answer", "answer"},
	{"nonsense", remotetest.ContentRange("bytes 5-3/10"), "answer", "answer", "answer", "answer"},
	{"overflow", remotetest.ContentRange("bytes 0-9223372036854775807/9223372036854775808"), "answer",
		"answer", "answer", "answer"},
	{"huge", remotetest.ContentRange("bytes 0-9223372036854775806/9223372036854775807"), "answer",
		"answer", "answer", "answer"},
	{"short", remotetest.Short, "answer", "answer", "answer", "answer"},
	{"long", remotetest.Long, "answer", "answer", "answer", "answer"},
	{"chunked", remotetest.Chunked, "", "", "", ""},
	{"chunked short", remotetest.ChunkedShort, "", "unavailable", "", "unavailable"},
	{"chunked long", remotetest.ChunkedLong, "answer", "answer", "answer", "answer"},
	{"cut off", remotetest.CutOff(10), "", "unavailable", "", "unavailable"},
	{"cut off at once", remotetest.CutOff(0), "", "unavailable", "", "unavailable"},
	{"closed", remotetest.Close, "", "unavailable", "", "unavailable"},
	{"multipart", remotetest.Multipart, "answer", "answer", "answer", "answer"},
	{"compressed", remotetest.Compressed, "answer", "answer", "answer", "answer"},
	{"other ETag", remotetest.ETag(`"2"`), "changed", "changed", "changed", ""},
	{"no ETag", remotetest.ETag(""), "changed", "changed", "", ""},
	{"weak ETag", remotetest.ETag(`W/"1"`), "changed", "changed", "changed", ""},
	{"hangs", remotetest.Hang, "", "unavailable", "", "unavailable"},
	{"stalls", remotetest.Stall(10), "", "unavailable", "", "unavailable"},
	{"drips", remotetest.Drip(20 * time.Millisecond), "", "unavailable", "", "unavailable"},
	{"loop", remotetest.Redirect(302, remotetest.Path), "", "answer", "", "answer"},
	{"redirect to nothing", remotetest.Redirect(302, ""), "answer", "answer", "answer", "answer"},
	{"redirect to ftp", remotetest.Redirect(302, "ftp://x/"), "answer", "answer", "answer", "answer"},
}

// Whatever a server does, the bytes are right or there is an error, of the right kind.
func TestHostileServer(t *testing.T) {
	data := content(300)
	for _, f := range faults {
		for _, test := range []struct {
			when string
			what func(remotetest.Fault) func(int, *http.Request) remotetest.Fault
			want string
		}{{"once", remotetest.Once, f.once}, {"always", remotetest.Always, f.always}} {
			t.Run(f.name+"/"+test.when, func(t *testing.T) {
				t.Parallel()
				s := remotetest.New(t, data)
				o := quick()
				o.First = -20
				x := open(t, s, o)
				s.Do(test.what(f.fault))
				got, err := get(t, x, 50, 200)
				if kinds(err) != test.want || !bytes.HasPrefix(data[50:250], got) ||
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
	for _, f := range faults {
		for _, test := range []struct {
			when string
			what func(remotetest.Fault) func(int, *http.Request) remotetest.Fault
			want string
		}{{"once", remotetest.Once, f.openOnce}, {"always", remotetest.Always, f.openAlways}} {
			for _, first := range []int64{-250, 250} {
				t.Run(fmt.Sprintf("%s/%s/%d", f.name, test.when, first), func(t *testing.T) {
					t.Parallel()
					s := remotetest.New(t, data)
					s.Do(test.what(f.fault))
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
					case err != nil || x.Size() == 0 && strings.HasPrefix(f.name, "416"):
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
