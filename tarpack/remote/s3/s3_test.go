package s3

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/tarpack/remote/internal/remotetest"
	"github.com/tarpack/tpk/tarpack/remote/object"
	"github.com/tarpack/tpk/tarpack/source"
)

var content = bytes.Repeat([]byte("0123456789"), 30)

// objectURL is the object of a remotetest.Server.
const objectURL = "s3:/" + remotetest.Path

// newClient returns a client without the credentials that the machine may have.
func newClient(t testing.TB, o Options) *Client {
	t.Helper()
	c, err := New(&o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// noCredentials empties the places where credentials are looked for.
func noCredentials(t *testing.T) {
	dir := t.TempDir()
	for _, name := range os.Environ() {
		if name, _, _ = strings.Cut(name, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
		}
	}
	t.Setenv("HOME", dir)
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(dir, "config"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(dir, "credentials"))
}

// open opens an object and reads some of it.
func open(t testing.TB, c *Client, rawURL string, o *object.Options) (*object.Object, error) {
	t.Helper()
	s, err := c.Object(rawURL)
	if err != nil {
		return nil, err
	}
	x, err := object.Open(t.Context(), s, o)
	if err != nil {
		return nil, err
	}
	p := make([]byte, 20)
	if _, err := x.ReadAt(p, 7); err == nil && !bytes.Equal(p, content[7:27]) {
		t.Errorf("read %q", p)
	}
	return x, nil
}

// kind reports whether err is of a kind as in remotetest.Case.
func kind(err error, want string) bool {
	for name, target := range map[string]error{
		"changed": source.ErrChanged, "unavailable": source.ErrUnavailable, "answer": object.ErrAnswer,
		"missing": fs.ErrNotExist, "denied": fs.ErrPermission,
	} {
		if errors.Is(err, target) != strings.Contains(want, name) {
			return false
		}
	}
	return (err == nil) == (want == "")
}

// Whatever a server does, the bytes are right or there is an error, of the right kind.
func TestHostileServer(t *testing.T) {
	for _, test := range remotetest.Cases {
		for when, want := range map[string]string{"once": test.Once, "always": test.Always} {
			if strings.HasPrefix(test.Name, "loop") {
				want = "answer" // redirects are not followed
			}
			t.Run(test.Name+"/"+when, func(t *testing.T) {
				t.Parallel()
				s := remotetest.New(t, content)
				x, err := open(t, newClient(t, Options{Endpoint: s.URL, Anonymous: true}), objectURL,
					&object.Options{First: -20, Retries: 1, HeaderTimeout: 300 * time.Millisecond,
						StallTimeout: 300 * time.Millisecond, RetryAfter: time.Second})
				if err != nil {
					t.Fatal(err)
				}
				if s.Do(remotetest.Always(test.Fault)); when == "once" {
					s.Do(remotetest.Once(test.Fault))
				}
				var got []byte
				r, err := x.Get(t.Context(), 50, 200)
				if err == nil {
					got, err = io.ReadAll(r)
					r.Close()
				}
				if want == "answer" {
					want = "unavailable answer" // it has answered rightly before
				}
				if !kind(err, want) || !bytes.HasPrefix(content[50:250], got) ||
					err == nil && len(got) != 200 {
					t.Errorf("%d bytes, %v", len(got), err)
				}
				if err != nil && !strings.HasPrefix(err.Error(), objectURL+": ") {
					t.Errorf("no name: %v", err)
				}
				if len(s.Requests()) > 3 { // one more if a connection that was idle is closed
					t.Errorf("%d requests", len(s.Requests()))
				}
			})
		}
	}
}

// Each request has the range, If-Match and no coding. The first one is the first one to the server.
func TestRequests(t *testing.T) {
	s := remotetest.New(t, content)
	s.Do(nil)
	c := newClient(t, Options{Endpoint: s.URL, AccessKey: "ak", SecretKey: "sk"})
	if _, err := open(t, c, objectURL, &object.Options{First: -10}); err != nil {
		t.Fatal(err)
	}
	r := s.Requests()
	if len(r) != 2 || r[0].Header.Get("Range") != "bytes=-10" ||
		r[1].Header.Get("Range") != "bytes=7-26" ||
		r[0].Header.Get("If-Match") != "" || r[1].Header.Get("If-Match") != `"1"` {
		t.Errorf("%v", r)
	}
	for _, r := range r {
		if r.Header.Get("Accept-Encoding") != "identity" || r.Method != http.MethodGet {
			t.Errorf("%v", r)
		}
	}
}

// fault is an error of S3.
func fault(status int, code, more string) remotetest.Fault {
	return remotetest.Handle(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>The reason.</Message>%s</Error>", code, more)
	})
}

// An error shows what S3 says.
func TestErrors(t *testing.T) {
	s := remotetest.New(t, content)
	c := newClient(t, Options{Endpoint: s.URL, Anonymous: true})
	for _, test := range []struct {
		status int
		code   string
		want   string
	}{
		{404, "NoSuchKey", "missing"}, {404, "NoSuchBucket", "missing"}, {403, "AccessDenied", "denied"},
		{403, "InvalidAccessKeyId", "denied"}, {400, "ExpiredToken", "answer"},
		{503, "SlowDown", "unavailable"}, {500, "InternalError", "unavailable"},
	} {
		s.Do(remotetest.Always(fault(test.status, test.code, "")))
		_, err := open(t, c, objectURL, &object.Options{Retries: -1})
		if !kind(err, test.want) || !strings.Contains(err.Error(), fmt.Sprintf("%d %s: The reason.",
			test.status, test.code)) {
			t.Errorf("%s: %v", test.code, err)
		}
	}
}

// The server names the region of a bucket that is in another one: it is asked there, once.
func TestRegion(t *testing.T) {
	s := remotetest.New(t, content)
	const malformed = "AuthorizationHeaderMalformed"
	for _, test := range []struct {
		name   string
		region string
		moved  remotetest.Fault
		ok     bool
	}{
		{"in the body", "", fault(400, malformed, "<Region>eu-west-1</Region>"), true},
		{"in the header", "", remotetest.Handle(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amz-Bucket-Region", "eu-west-1")
			w.WriteHeader(http.StatusMovedPermanently)
		}), true},
		{"set", "us-west-1", fault(400, malformed, "<Region>eu-west-1</Region>"),
			false},
		{"not named", "", fault(400, malformed, ""), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s.Do(func(_ int, r *http.Request) remotetest.Fault {
				if !strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/s3/") {
					return test.moved
				}
				return nil
			})
			c := newClient(t, Options{Endpoint: s.URL, AccessKey: "ak", SecretKey: "sk",
				Region: test.region})
			_, err := open(t, c, objectURL, &object.Options{First: -10, Retries: -1})
			if (err == nil) != test.ok || test.ok && len(s.Requests()) != 3 {
				t.Error(len(s.Requests()), err)
			}
		})
	}
}

// keyOf returns the access key of the last request to a server, or "".
func keyOf(s *remotetest.Server) string {
	list := s.Requests()
	v := list[len(list)-1].Header.Get("Authorization")
	_, v, _ = strings.Cut(v, "Credential=")
	v, _, _ = strings.Cut(v, "/")
	return v
}

// role starts a service that gives a machine its credentials, or has none to give.
func role(t *testing.T, key string) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		const list = "/latest/meta-data/iam/security-credentials/"
		switch {
		case key == "":
			w.WriteHeader(http.StatusNotFound)
		case r.Method == http.MethodPut && r.URL.Path == "/latest/api/token":
			_, _ = io.WriteString(w, "token")
		case r.URL.Path == list:
			_, _ = io.WriteString(w, "the-role")
		case r.URL.Path == list+"the-role":
			_ = json.NewEncoder(w).Encode(map[string]any{"Code": "Success", "AccessKeyId": key,
				"SecretAccessKey": "sk", "Token": "st", "Expiration": time.Now().Add(time.Hour)})
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// Credentials are those of the environment, of the default profile or of the machine's role; if
// there are none, requests are not signed.
func TestChain(t *testing.T) {
	s := remotetest.New(t, content)
	for _, test := range []struct {
		name, env, file, role string
		want                  string
	}{
		{"environment", "ke", "[default]\naws_access_key_id=kf\naws_secret_access_key=s", "kr", "ke"},
		{"file", "", "[default]\naws_access_key_id=kf\naws_secret_access_key=s", "kr", "kf"},
		{"role", "", "", "kr", "kr"},
		{"role, other profile", "", "[x]\naws_access_key_id=kf\naws_secret_access_key=s", "kr", "kr"},
		{"none", "", "", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			noCredentials(t)
			if test.env != "" {
				t.Setenv("AWS_ACCESS_KEY_ID", test.env)
				t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
			}
			if test.file != "" {
				if err := os.WriteFile(os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), []byte(test.file),
					0o600); err != nil {
					t.Fatal(err)
				}
			}
			c := newClient(t, Options{Endpoint: s.URL, roleEndpoint: role(t, test.role)})
			s.Do(nil)
			_, err := open(t, c, objectURL, &object.Options{First: -10})
			if err != nil || keyOf(s) != test.want {
				t.Errorf("%q, %v", keyOf(s), err)
			}
			s.Do(remotetest.Always(fault(403, "AccessDenied", "")))
			_, err = open(t, c, objectURL, nil)
			const hint = "asked without credentials"
			if !kind(err, "denied") || strings.Contains(err.Error(), hint) != (test.want == "") {
				t.Error(err)
			}
		})
	}
}

// What is not the URL of an object, without what may be a password.
func TestURLs(t *testing.T) {
	c := newClient(t, Options{Anonymous: true})
	for _, bad := range []string{
		"", "s3:", "s3://", "s3:///x", "s3://bucket", "s3://bucket/", "s3://u:secret@bucket/x",
		"s3://bucket:80/x", "https://bucket/x", "S3://bucket/x", "s3://b/x", "s3://BUCKET NAME/x",
		"s3://bucket/" + strings.Repeat("x", 1025), "s3://bucket/\xff",
	} {
		if _, err := c.Object(bad); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	s := remotetest.New(t, content)
	c = newClient(t, Options{Endpoint: s.URL, Anonymous: true})
	s.Do(nil)
	const key = "a b%20ä?x=y#z+&/ü.gz"
	_, err := open(t, c, "s3://bucket/"+key, nil)
	if r := s.Requests(); !kind(err, "missing") || r[0].URL.Path != "/bucket/"+key {
		t.Errorf("%v, %q", err, r[0].URL.Path)
	}
	x, err := c.Object("s3://bucket/" + key)
	if err != nil || x.Name() != "s3://bucket/"+key || x.Key() != s.URL+"\nbucket\n"+key {
		t.Error(x.Name(), x.Key(), err)
	}
}
