package web_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tarpack/tpk/tarpack/remote/internal/remotetest"
	"github.com/tarpack/tpk/tarpack/remote/object"
	"github.com/tarpack/tpk/tarpack/remote/web"
)

var content = bytes.Repeat([]byte("0123456789"), 10)

// open opens an object of 100 bytes and reads some of it.
func open(t testing.TB, rawURL string, o *web.Options) error {
	t.Helper()
	c, err := web.New(o)
	if err != nil {
		return err
	}
	defer c.Close()
	s, err := c.Object(rawURL)
	if err != nil {
		return err
	}
	x, err := object.Open(t.Context(), s,
		&object.Options{First: -5, Retries: -1, HeaderTimeout: 10 * time.Second})
	if err != nil {
		return err
	}
	p := make([]byte, 20)
	if _, err := x.ReadAt(p, 7); err != nil {
		return err
	}
	if !bytes.Equal(p, content[7:27]) {
		t.Errorf("read %q", p)
	}
	return nil
}

// write writes a file and returns its name.
func write(t testing.TB, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// certificate writes the certificate of a server to a file.
func certificate(t testing.TB, s *remotetest.Server) string {
	t.Helper()
	return write(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE",
		Bytes: s.Certificate().Raw})))
}

// withUser returns a URL with user information.
func withUser(rawURL, user string) string { return strings.Replace(rawURL, "//", "//"+user+"@", 1) }

// Each field of the options has its effect.
func TestOptions(t *testing.T) {
	checks := map[string]func(t *testing.T, s *remotetest.Server){
		"Header": testHeader, "Netrc": testNetrc, "CAFile": testCAFile, "Requests": testRequests,
		"Redirect": testRedirect,
	}
	for i := range reflect.TypeFor[web.Options]().NumField() {
		name := reflect.TypeFor[web.Options]().Field(i).Name
		t.Run(name, func(t *testing.T) {
			if checks[name] == nil {
				t.Fatal("it is not tested")
			}
			checks[name](t, remotetest.New(t, content))
		})
	}
}

func testHeader(t *testing.T, s *remotetest.Server) {
	s.Do(nil)
	o := &web.Options{Header: http.Header{"x-key": {"a", "b"}, "User-Agent": {"other"}}}
	if err := open(t, s.Object(), o); err != nil {
		t.Fatal(err)
	}
	for _, r := range s.Requests() {
		h := r.Header
		if !reflect.DeepEqual(h["X-Key"], []string{"a", "b"}) || h.Get("User-Agent") != "other" {
			t.Error(h)
		}
	}
	for name, value := range map[string]string{
		"Range": "secret", "range": "secret", "If-Match": "secret", "if-none-match": "secret",
		"accept-encoding": "secret", "Host": "secret", "Connection": "secret", "TE": "secret",
		"X Y": "secret", "": "secret", "X:Y": "secret", "X": "secret\r\nY: z",
	} {
		_, err := web.New(&web.Options{Header: http.Header{name: {value}}})
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func testNetrc(t *testing.T, s *remotetest.Server) {
	s.Do(nil)
	name := write(t, "machine 127.0.0.1 login me password word")
	if err := open(t, s.Object(), &web.Options{Netrc: name}); err != nil {
		t.Fatal(err)
	}
	for _, r := range s.Requests() {
		if user, password, ok := r.BasicAuth(); !ok || user != "me" || password != "word" {
			t.Error(r.Header)
		}
	}
	if _, err := web.New(&web.Options{Netrc: name + "x"}); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func testCAFile(t *testing.T, _ *remotetest.Server) {
	secure := remotetest.NewTLS(t, content)
	err := open(t, secure.Object(), nil)
	if err == nil || !errors.As(err, new(x509.UnknownAuthorityError)) ||
		!strings.HasSuffix(err.Error(),
			": the server's certificate is not trusted: it is signed by an unknown authority") {
		t.Error(err)
	}
	if err := open(t, secure.Object(), &web.Options{CAFile: certificate(t, secure)}); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"missing", write(t, "no certificate")} {
		if _, err := web.New(&web.Options{CAFile: name}); err == nil ||
			!strings.Contains(err.Error(), name) {
			t.Error(err)
		}
	}
}

func testRequests(t *testing.T, _ *remotetest.Server) {
	for n, want := range map[int]int{0: 16, 3: 3} {
		c, err := web.New(&web.Options{Requests: n})
		if err != nil {
			t.Fatal(err)
		}
		var limits []object.Limit
		for _, u := range []string{"https://h/a", "https://H:443/b", "http://h/a"} {
			x, err := c.Object(u)
			if err != nil {
				t.Fatal(err)
			}
			limits = append(limits, x.Limit())
		}
		if cap(limits[0]) != want || limits[0] != limits[1] || limits[0] == limits[2] {
			t.Errorf("%d: %d, %v", n, cap(limits[0]), limits)
		}
	}
}

// The credentials that are closest to the request win: a header field, then the URL, then netrc.
func TestCredentials(t *testing.T) {
	s := remotetest.New(t, content)
	name := write(t, "machine 127.0.0.1 login one password 1\nmachine 127.0.0.1 login two password 2")
	for _, test := range []struct {
		user string
		o    web.Options
		want string
	}{
		{"", web.Options{}, ""},
		{"u", web.Options{}, "u:"},
		{"u:p%40q", web.Options{}, "u:p@q"},
		{"u:p", web.Options{Netrc: name}, "u:p"},
		{"", web.Options{Netrc: name}, "one:1"},
		{"two", web.Options{Netrc: name}, "two:2"},
		{"three", web.Options{Netrc: name}, "three:"},
		{"u:p", web.Options{Netrc: name, Header: http.Header{"authorization": {"Bearer x"}}}, "Bearer x"},
	} {
		s.Do(nil)
		rawURL := s.Object()
		if test.user != "" {
			rawURL = withUser(rawURL, test.user)
		}
		if err := open(t, rawURL, &test.o); err != nil {
			t.Fatal(err)
		}
		for _, r := range s.Requests() {
			got := r.Header.Get("Authorization")
			if user, password, ok := r.BasicAuth(); ok {
				got = user + ":" + password
			}
			if got != test.want {
				t.Errorf("%+v: %q", test, got)
			}
		}
	}
}

// No error has a password, a key in a query, or the value of a header field.
func TestSecrets(t *testing.T) {
	s := remotetest.New(t, content)
	s.Do(remotetest.Always(remotetest.Status(403, "")))
	closed := httptest.NewServer(nil)
	closed.Close()
	for _, rawURL := range []string{
		withUser(s.Object(), "u:secret") + "?key=secret#secret",
		withUser(closed.URL, "u:secret") + "/x?secret",
		"https://u:secret@host:bad/x?secret", "https://u:sec%ret@host/", "https://u:secret@/x",
		"ftp://u:secret@host/x", "//u:secret@host/x", "u:secret@host/x", "https://u:se/cret@host/x",
		"https://u:secret@ho st/x", "https://u:secret\x00@host/x", "", "https:", "https:///x?secret",
		"https:u:secret@host", "https://u:secret@host:99999/x", "https://u:secret@host:0/x",
	} {
		err := open(t, rawURL, &web.Options{Header: http.Header{"X": {"secret"}}})
		if err == nil || strings.Contains(err.Error(), "cret") ||
			strings.Contains(err.Error(), "sec%ret") {
			t.Errorf("%s: %v", rawURL, err)
		}
	}
	c, err := web.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	x, err := c.Object("https://u:secret@host/a%20b?secret#x")
	if err != nil || x.Name() != "https://host/a%20b" || x.Key() != "https://host/a%20b?secret" {
		t.Error(x.Name(), x.Key(), err)
	}
}

// What can't stand in a query is escaped, as in a path.
func TestEscapedQuery(t *testing.T) {
	c, err := web.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	x, err := c.Object("https://host/a b\u00e9?a b=c+d%20e&\u00e9")
	if err != nil || x.Key() != "https://host/a%20b%C3%A9?a%20b=c+d%20e&%C3%A9" {
		t.Error(x.Key(), err)
	}
}

// Credentials and fields of the options stay with the server that they are for.
func TestRedirects(t *testing.T) {
	s, other := remotetest.New(t, content), remotetest.New(t, content)
	secure := remotetest.NewTLS(t, content)
	localhost := strings.Replace(s.URL, "127.0.0.1", "localhost", 1) + remotetest.Path
	name := write(t, "default login me password word")
	for _, test := range []struct {
		to   string
		from *remotetest.Server
		at   *remotetest.Server // where it leads to, or nil if it is refused
		kept bool
	}{
		{to: "?again", from: s, at: s, kept: true},
		{to: remotetest.Path + "?again", from: s, at: s, kept: true},
		{to: s.Object() + "?again", from: s, at: s, kept: true},
		{to: withUser(s.Object(), "x:y") + "?again", from: s, at: s, kept: true},
		{to: other.Object() + "?again", from: s, at: other},
		{to: strings.TrimPrefix(other.Object(), "http:") + "?again", from: s, at: other},
		{to: withUser(other.Object(), "x:y") + "?again", from: s, at: other},
		{to: localhost + "?again", from: s, at: s},
		{to: secure.Object() + "?again", from: s, at: secure},
		{to: secure.Object() + "?again", from: secure, at: secure, kept: true},
		{to: s.Object() + "?again", from: secure},
		{to: "file:///etc/passwd", from: s},
	} {
		for _, code := range []int{301, 302, 303, 307, 308} {
			s.Do(nil)
			other.Do(nil)
			secure.Do(nil)
			test.from.Do(func(_ int, r *http.Request) remotetest.Fault {
				if r.URL.RawQuery == "again" {
					return nil
				}
				return remotetest.Redirect(code, test.to)
			})
			err := open(t, test.from.Object(), &web.Options{Netrc: name, CAFile: certificate(t, secure),
				Header: http.Header{"X-Key": {"secret"}, "Cookie": {"secret"}, "User-Agent": {"other"}}})
			if test.at == nil {
				if !errors.Is(err, object.ErrAnswer) || len(s.Requests())+len(secure.Requests()) != 1 {
					t.Errorf("%s: %v", test.to, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", test.to, err)
			}
			seen, first := 0, 0
			for _, r := range append(test.from.Requests(), test.at.Requests()...) {
				if r.URL.RawQuery != "again" {
					first++
					continue
				}
				seen++
				h := r.Header
				for _, field := range []string{"X-Key", "Authorization", "Cookie"} {
					if (h.Get(field) != "") != test.kept {
						t.Errorf("%s: %s is %q", test.to, field, h.Get(field))
					}
				}
				if h.Get("Referer") != "" || h.Get("Range") == "" || h.Get("User-Agent") != "other" {
					t.Errorf("%s: %v", test.to, h)
				}
			}
			// A permanent redirect is not asked for again.
			permanent := code == 301 || code == 308
			if seen == 0 || permanent && first > 2 || !permanent && first < 2 {
				t.Errorf("%s, %d: %d requests, %d at the first URL", test.to, code, seen, first)
			}
		}
	}
}

// A redirect that is refused is not followed.
func testRedirect(t *testing.T, s *remotetest.Server) {
	other := remotetest.New(t, content)
	refused := errors.New("not there")
	o := &web.Options{Redirect: func(to string) error {
		if strings.HasPrefix(to, other.URL) {
			return refused
		}
		return nil
	}}
	for to, want := range map[string]error{other.Object(): refused, s.Object() + "?again": nil} {
		s.Do(func(_ int, r *http.Request) remotetest.Fault {
			if r.URL.RawQuery == "again" {
				return nil
			}
			return remotetest.Redirect(http.StatusFound, to)
		})
		if err := open(t, s.Object(), o); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", to, err, want)
		}
	}
	if n := len(other.Requests()); n != 0 {
		t.Errorf("%d requests to the other server", n)
	}
}

// A long way of redirects ends.
func TestManyRedirects(t *testing.T) {
	s := remotetest.New(t, content)
	for n, ok := range map[int32]bool{5: true, 6: false} {
		var left atomic.Int32
		left.Store(n)
		s.Do(func(int, *http.Request) remotetest.Fault {
			if left.Add(-1) >= 0 {
				return remotetest.Redirect(http.StatusFound, remotetest.Path)
			}
			return nil
		})
		err := open(t, s.Object(), nil)
		if ok != (err == nil) || !ok && !errors.Is(err, object.ErrAnswer) {
			t.Errorf("%d: %v", n, err)
		}
	}
}

// Plain http on a port for https, and the other way round.
func TestOtherProtocol(t *testing.T) {
	s, secure := remotetest.New(t, content), remotetest.NewTLS(t, content)
	err := open(t, strings.Replace(s.Object(), "http:", "https:", 1), nil)
	if !errors.Is(err, object.ErrAnswer) {
		t.Error(err)
	}
	u, err := url.Parse(secure.Object())
	if err != nil {
		t.Fatal(err)
	}
	u.Scheme = "http"
	if err := open(t, u.String(), nil); !errors.Is(err, object.ErrAnswer) {
		t.Error(err)
	}
}

// An object with another query is another one, but a download of it can go on.
func TestResumeKey(t *testing.T) {
	s := remotetest.New(t, content)
	c, err := web.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	keys := map[string][2]string{}
	at := s.URL + remotetest.Path
	elsewhere := strings.Replace(at, "127.0.0.1", "localhost", 1)
	for _, url := range []string{at, at + "?sig=1", at + "?sig=2", elsewhere} {
		store, err := c.Object(url)
		if err != nil {
			t.Fatal(err)
		}
		x, err := object.Open(t.Context(), store, &object.Options{First: -5})
		if err != nil {
			t.Fatal(err)
		}
		keys[url] = [2]string{x.Identity(), x.ResumeKey()}
	}
	one, two, other := keys[at+"?sig=1"], keys[at+"?sig=2"], keys[elsewhere]
	if one[0] == two[0] || one[1] != two[1] || one[1] != keys[at][1] || one[1] == other[1] ||
		one[1] == "" {
		t.Errorf("%q", keys)
	}
}
