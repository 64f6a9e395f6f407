package serve

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/serve"
)

func md5Hex(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

// goRange is a row of ServeFileRangeTests in Go's net/http/fs_test.go.
type goRange struct {
	header string
	code   int
	ranges [][2]int
}

// goRanges reads this table from the source of Go.
func goRanges(t *testing.T) []goRange {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		tools.Missing(t, "go")
	}
	name := filepath.Join(strings.TrimSpace(string(root)), "src/net/http/fs_test.go")
	f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		tools.Missing(t, name)
	}
	var rows []goRange
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Names) == 0 || spec.Names[0].Name != "ServeFileRangeTests" {
			return true
		}
		for _, row := range spec.Values[0].(*ast.CompositeLit).Elts {
			var r goRange
			for _, e := range row.(*ast.CompositeLit).Elts {
				kv := e.(*ast.KeyValueExpr)
				switch kv.Key.(*ast.Ident).Name {
				case "r":
					r.header, _ = strconv.Unquote(kv.Value.(*ast.BasicLit).Value)
				case "code":
					r.code = map[string]int{"StatusOK": 200, "StatusPartialContent": 206,
						"StatusRequestedRangeNotSatisfiable": 416}[kv.Value.(*ast.Ident).Name]
				case "ranges":
					for _, e := range kv.Value.(*ast.CompositeLit).Elts {
						pair := e.(*ast.CompositeLit).Elts
						r.ranges = append(r.ranges, [2]int{goInt(t, pair[0]), goInt(t, pair[1])})
					}
				}
			}
			rows = append(rows, r)
		}
		return false
	})
	if len(rows) < 20 {
		t.Fatalf("only %d rows in %s: it has another form now", len(rows), name)
	}
	return rows
}

// goInt evaluates the expressions of the table: numbers, testFileLen (11) and differences.
func goInt(t *testing.T, e ast.Expr) int {
	switch e := e.(type) {
	case *ast.BasicLit:
		n, _ := strconv.Atoi(e.Value)
		return n
	case *ast.Ident:
		return 11
	case *ast.BinaryExpr:
		return goInt(t, e.X) - goInt(t, e.Y)
	}
	t.Fatalf("%T", e)
	return 0
}

// bothEngines are the addresses of a server of each kind: our own HTTP/1.1, and net/http.
func bothEngines(t *testing.T) map[string]string {
	t.Helper()
	archive := packTree(t, tree())
	s, err := serve.New(serve.Options{Archives: []serve.Archive{{Path: archive}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	mounted := httptest.NewServer(s.Handler())
	t.Cleanup(func() { mounted.Close(); s.Close() })
	return map[string]string{"own": "http://" +
		start(t, serve.Options{Archives: []serve.Archive{{Path: archive}}}), "net/http": mounted.URL}
}

// ask sends a GET or HEAD and reads the answer.
func ask(t *testing.T, method, url string, header map[string]string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := (&http.Transport{DisableCompression: true, DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

// TestGoRanges is Go's testServeFile.
func TestGoRanges(t *testing.T) {
	for engine, base := range bothEngines(t) {
		for _, row := range goRanges(t) {
			header := map[string]string{}
			if row.header != "" {
				header["Range"] = row.header
			}
			resp, body := ask(t, "GET", base+"/file", header)
			if resp.StatusCode != row.code {
				t.Errorf("%s: %q: %d, want %d", engine, row.header, resp.StatusCode, row.code)
				continue
			}
			if row.code == 416 {
				continue
			}
			want := ""
			if len(row.ranges) == 1 {
				r := row.ranges[0]
				want = fmt.Sprintf("bytes %d-%d/11", r[0], r[1]-1)
				if body != tree()["file"][r[0]:r[1]] {
					t.Errorf("%s: %q: %q", engine, row.header, body)
				}
			}
			if got := resp.Header.Get("Content-Range"); got != want {
				t.Errorf("%s: %q: Content-Range %q, want %q", engine, row.header, got, want)
			}
			if multi := strings.HasPrefix(resp.Header.Get("Content-Type"),
				"multipart/byteranges; boundary="); multi != (len(row.ranges) > 1) {
				t.Errorf("%s: %q: %s", engine, row.header, resp.Header.Get("Content-Type"))
			}
			for _, r := range row.ranges {
				if len(row.ranges) > 1 && !strings.Contains(body,
					fmt.Sprintf("Content-Range: bytes %d-%d/11\r\n\r\n%s\r\n", r[0], r[1]-1,
						tree()["file"][r[0]:r[1]])) {
					t.Errorf("%s: %q: no part for %v in %q", engine, row.header, r, body)
				}
			}
		}
	}
}

// TestGoPreconditions is the table of Go's testServeContent, with the real entity-tag (A) and date
// (NOW) of the file. Rows about weak entity-tags of the server are left out, because tpk has none.
// A HEAD with a Range is answered like one without: RFC 9110 section 14.2 defines Range for GET
// only. Go answers 206.
func TestGoPreconditions(t *testing.T) {
	for engine, base := range bothEngines(t) {
		url := base + "/file"
		resp, _ := ask(t, "GET", url, nil)
		tag, date := resp.Header.Get("ETag"), resp.Header.Get("Last-Modified")
		when, err := http.ParseTime(date)
		if err != nil {
			t.Fatal(err)
		}
		earlier := when.Add(-2 * time.Second).UTC().Format(http.TimeFormat)
		for _, row := range []struct {
			name   string
			header map[string]string
			status int
			rng    string
		}{
			{"not_modified_modtime", map[string]string{"If-Modified-Since": date}, 304, ""},
			{"not_modified_etag", map[string]string{"If-None-Match": tag}, 304, ""},
			{"not_modified_etag_no_seek", map[string]string{"If-None-Match": `"baz", W/` + tag}, 304, ""},
			{"if_none_match_mismatch", map[string]string{"If-None-Match": `"Foo"`}, 200, ""},
			{"if_none_match_malformed", map[string]string{"If-None-Match": `,`}, 200, ""},
			{"range_good", map[string]string{"Range": "bytes=0-4"}, 206, "bytes 0-4/11"},
			{"range_match", map[string]string{"Range": "bytes=0-4", "If-Range": tag}, 206, "bytes 0-4/11"},
			{"range_match_weak_etag", map[string]string{"Range": "bytes=0-4", "If-Range": "W/" + tag}, 200,
				""},
			{"range_no_overlap", map[string]string{"Range": "bytes=11-20"}, 416, "bytes */11"},
			{"range_no_match", map[string]string{"Range": "bytes=0-4", "If-Range": `"B"`}, 200, ""},
			{"range_with_modtime", map[string]string{"Range": "bytes=0-4", "If-Range": date}, 206,
				"bytes 0-4/11"},
			{"range_with_modtime_mismatch",
				map[string]string{"Range": "bytes=0-4",
					"If-Range": when.Add(time.Second).UTC().Format(http.TimeFormat)}, 200, ""},
			{"ifmatch_matches", map[string]string{"If-Match": `"Z", ` + tag}, 200, ""},
			{"ifmatch_star", map[string]string{"If-Match": `*`}, 200, ""},
			{"ifmatch_failed", map[string]string{"If-Match": `"B"`}, 412, ""},
			{"ifmatch_fails_on_weak_etag", map[string]string{"If-Match": `W/` + tag}, 412, ""},
			{"if_unmodified_since_true", map[string]string{"If-Unmodified-Since": date}, 200, ""},
			{"if_unmodified_since_false",
				map[string]string{"If-Unmodified-Since": earlier}, 412, ""},
		} {
			for _, method := range []string{"GET", "HEAD"} {
				status, rng := row.status, row.rng
				if _, ok := row.header["Range"]; ok && method == "HEAD" {
					status, rng = 200, ""
				}
				resp, _ := ask(t, method, url, row.header)
				if resp.StatusCode != status || resp.Header.Get("Content-Range") != rng {
					t.Errorf("%s: %s by %s: %d %q, want %d %q", engine, row.name, method, resp.StatusCode,
						resp.Header.Get("Content-Range"), status, rng)
				}
			}
		}
	}
}
