package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/tarpack/remote/object"
	"github.com/tarpack/tpk/tarpack/remote/web"
	"github.com/tarpack/tpk/tarpack/source"
)

// nginx starts nginx with https on a directory, and returns its URL, the directory and the file of
// its certificate. more is added to the server of its configuration; %s there is its address.
func nginx(t testing.TB, more string) (url, root, cert string) {
	t.Helper()
	dir, address := tools.Dir(t), fixture.FreeAddress(t)
	cert, key := fixture.Certificate(t, dir)
	root = filepath.Join(dir, "root")
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	fixture.Nginx(t, dir, address, fmt.Sprintf(`
  server { listen %s ssl; ssl_certificate %s; ssl_certificate_key %s; root %s;
    %s
  }
`, address, cert, key, root, strings.ReplaceAll(more, "%s", address)))
	return "https://" + address, root, cert
}

// replace puts another file in the place of one, as rsync and most deployments do.
func replace(t testing.TB, name string, b []byte, at time.Time) {
	t.Helper()
	if err := errors.Join(os.WriteFile(name+".new", b, 0o644), os.Chtimes(name+".new", at, at),
		os.Rename(name+".new", name)); err != nil {
		t.Fatal(err)
	}
}

// openURL opens an object with a URL.
func openURL(
	t testing.TB, url string, o web.Options, oo *object.Options,
) (*object.Object, error) {
	t.Helper()
	c, err := web.New(&o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	s, err := c.Object(url)
	if err != nil {
		t.Fatal(err)
	}
	return object.Open(t.Context(), s, oo)
}

// Files of nginx by https, also where it compresses for others, asks for a password, or redirects.
func TestNginx(t *testing.T) {
	const more = `gzip on; gzip_types *; gzip_min_length 1;
    location /private/ { auth_basic x; auth_basic_user_file users; }
    location /moved/ { return 302 https://%s/a.tar.gz; }
    location /ranges/ { max_ranges 0; }`
	url, root, cert := nginx(t, more)
	want := random(300_000, 1)
	for _, dir := range []string{"", "private", "ranges"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
		replace(t, filepath.Join(root, dir, "a.tar.gz"), want, time.Unix(1_800_000_000, 0))
	}
	replace(t, filepath.Join(root, "empty"), nil, time.Now())
	users := filepath.Join(filepath.Dir(root), "users")
	netrc := filepath.Join(filepath.Dir(root), "netrc")
	if err := errors.Join(os.WriteFile(users, []byte("me:{PLAIN}word\n"), 0o644),
		os.WriteFile(netrc, []byte("machine 127.0.0.1 login me password word"), 0o600)); err != nil {
		t.Fatal(err)
	}
	o := web.Options{CAFile: cert}
	for _, path := range []string{"/a.tar.gz", "/moved/x"} {
		x, err := openURL(t, url+path, o, &object.Options{First: -10, Notice: func(err error) {
			t.Error(err)
		}})
		if err != nil {
			t.Fatal(err)
		}
		compare(t, x, want)
		if err := x.Check(t.Context()); err != nil {
			t.Error(err)
		}
	}
	for _, first := range []int64{-10, 10} {
		x, err := openURL(t, url+"/empty", o, &object.Options{First: first})
		if err != nil || x.Size() != 0 {
			t.Error(err)
		}
	}
	for path, kind := range map[string]error{
		"/missing": fs.ErrNotExist, "/private/a.tar.gz": fs.ErrPermission,
		"/ranges/a.tar.gz": object.ErrAnswer,
	} {
		if _, err := openURL(t, url+path, o, nil); !errors.Is(err, kind) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := openURL(t, url+"/a.tar.gz", web.Options{}, nil); err == nil {
		t.Error("its certificate is trusted")
	}
	o.Netrc = netrc
	x, err := openURL(t, url+"/private/a.tar.gz", o, nil)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, x, want)
}

// A file that is replaced between two requests, with an ETag and without.
func TestNginxReplaced(t *testing.T) {
	for more, weak := range map[string]bool{"etag on;": false, "etag off;": true} {
		t.Run(more, func(t *testing.T) {
			url, root, cert := nginx(t, more)
			name := filepath.Join(root, "a.tar.gz")
			older, newer := random(100_000, 1), random(100_000, 2)
			replace(t, name, older, time.Unix(1_800_000_000, 0))
			notices := 0
			x, err := openURL(t, url+"/a.tar.gz", web.Options{CAFile: cert},
				&object.Options{First: -10, Notice: func(error) { notices++ }})
			if err != nil {
				t.Fatal(err)
			}
			compare(t, x, older)
			if (notices == 1) != weak {
				t.Errorf("%d notices", notices)
			}
			replace(t, name, newer, time.Unix(1_800_000_001, 0))
			if _, err := read(t.Context(), x, 0, 10); !errors.Is(err, source.ErrChanged) {
				t.Error(err)
			}
		})
	}
}

// A file that is replaced all the time while many read it: what one of them reads is of one
// generation.
func TestNginxReplacedAllTheTime(t *testing.T) {
	url, root, cert := nginx(t, "")
	name := filepath.Join(root, "a.tar.gz")
	const size = 50_000
	// Each generation is one byte, many times.
	generation := func(n int) {
		replace(t, name, bytes.Repeat([]byte{byte(n)}, size+n%7),
			time.Unix(1_800_000_000+int64(n), 0))
	}
	generation(0)
	done := make(chan struct{})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			whole := 0
			for finished := false; !finished; {
				select {
				case <-done:
					finished = true // and once more
				default:
				}
				x, err := openURL(t, url+"/a.tar.gz", web.Options{CAFile: cert},
					&object.Options{First: -10})
				if err != nil {
					t.Error(err)
					return
				}
				var got []byte
				for off := int64(0); off < x.Size() && err == nil; off += 10_000 {
					var b []byte
					b, err = read(context.Background(), x, off, min(10_000, x.Size()-off))
					got = append(got, b...)
				}
				if len(got) > 0 && !bytes.Equal(got, bytes.Repeat(got[:1], len(got))) {
					t.Error("bytes of two generations")
				}
				if err == nil {
					whole++
				} else if !errors.Is(err, source.ErrChanged) {
					t.Error(err)
				}
			}
			if whole == 0 {
				t.Error("never read a whole one")
			}
		})
	}
	for n := range 300 {
		generation(n + 1)
		time.Sleep(time.Millisecond)
	}
	close(done)
	all.Wait()
}

// The credentials of netrc files are those that curl finds in them.
func TestNetrc(t *testing.T) {
	var got []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, ok := r.BasicAuth()
		got = append(got, fmt.Sprintf("%q %q %v", user, password, ok))
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader("content"))
	}))
	defer s.Close()
	curl := tools.Path(t, "curl")
	for _, text := range []string{
		"machine 127.0.0.1 login me password word",
		"machine\n127.0.0.1\n\tlogin\tme\n\tpassword word\n",
		"machine 127.0.0.1\r\nlogin me\r\npassword word\r\n",
		"# comment\nmachine other login a password b\nmachine 127.0.0.1 login me password word\n",
		"machine 127.0.0.1 login me password word machine 127.0.0.1 login you password other",
		"machine other login a password b default login me password word",
		"default login me password word\nmachine 127.0.0.1 login x password y",
		`machine 127.0.0.1 login "my self" password "a\"b\\c"`,
		"machine 127.0.0.1 password word login me",
		"machine 127.0.0.1 login me account x password word",
		"macdef x\ncd /\nmachine 127.0.0.1 login no password no\n\nmachine 127.0.0.1 login me password w",
		"machine 127.0.0.1 login me#x password word # comment",
		"machine other login a password b",
		"",
	} {
		name := filepath.Join(tools.Dir(t), "netrc")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, user := range []string{"", "me@", "me:given@"} {
			if user == "me@" && (strings.Contains(text, "my self") || strings.Contains(text, "me#x")) {
				continue // some versions of curl send the password of another user then
			}
			got = nil
			url := strings.Replace(s.URL, "//", "//"+user, 1) + "/"
			tools.Must(t, exec.Command(curl, "-sS", "--netrc-optional", "--netrc-file", name, url))
			if _, err := openURL(t, url, web.Options{Netrc: name}, nil); err != nil {
				t.Fatal(err)
			}
			if len(got) != 2 || got[0] != got[1] {
				t.Errorf("%q, %s: curl and tpk: %s", text, user, got)
			}
		}
	}
}
