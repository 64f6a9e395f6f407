package s3

import (
	"context"
	"encoding/pem"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack/remote/internal/remotetest"
	"github.com/tarpack/tpk/tarpack/remote/object"
)

// Each field of the options has its effect.
func TestOptions(t *testing.T) {
	checks := map[string]func(t *testing.T, s *remotetest.Server){
		"Endpoint": testEndpoint, "Region": testRegion, "PathStyle": testPathStyle,
		"AccessKey": testStatic, "SecretKey": testStatic, "SessionToken": testStatic,
		"Profile": testProfile, "Anonymous": testAnonymous, "CAFile": testCAFile,
		"Requests": testRequests,
	}
	for i := range reflect.TypeFor[Options]().NumField() {
		f := reflect.TypeFor[Options]().Field(i)
		t.Run(f.Name, func(t *testing.T) {
			switch {
			case checks[f.Name] != nil:
				checks[f.Name](t, remotetest.New(t, content))
			case f.IsExported():
				t.Fatal("it is not tested")
			}
		})
	}
}

// keyWith opens an object and returns the access key that the requests had.
func keyWith(t *testing.T, s *remotetest.Server, o Options) string {
	t.Helper()
	o.Endpoint = s.URL
	s.Do(nil)
	if _, err := open(t, newClient(t, o), objectURL, &object.Options{First: -10}); err != nil {
		t.Fatal(err)
	}
	return keyOf(s)
}

func testEndpoint(t *testing.T, _ *remotetest.Server) {
	for endpoint, want := range map[string]string{
		"": "https://s3.amazonaws.com", "h": "https://h", "http://h:9000/": "http://h:9000",
	} {
		c := newClient(t, Options{Endpoint: endpoint, Anonymous: true})
		if c.endpoint.String() != want {
			t.Errorf("%s: %s", endpoint, c.endpoint)
		}
	}
	for _, bad := range []string{"http://u:secret@h", "http://h/secret", "http://h/?secret",
		"ftp://h", "http://", "http://h:secret", "http://h/#secret"} {
		if _, err := New(&Options{Endpoint: bad, Anonymous: true}); err == nil ||
			strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func testRegion(t *testing.T, s *remotetest.Server) {
	for region, want := range map[string]string{"": "/us-east-1/", "eu-north-1": "/eu-north-1/"} {
		keyWith(t, s, Options{AccessKey: "ak", SecretKey: "sk", Region: region})
		if v := s.Requests()[0].Header.Get("Authorization"); !strings.Contains(v, want) {
			t.Errorf("%s: %s", region, v)
		}
	}
}

func testPathStyle(t *testing.T, _ *remotetest.Server) {
	for style, want := range map[bool]string{false: "dir.s3", true: "s3"} {
		host := ""
		c := newClient(t, Options{PathStyle: style, Anonymous: true})
		c.transport.Proxy = nil
		c.transport.DialContext = func(_ context.Context, _, to string) (net.Conn, error) {
			host = to
			return nil, errors.New("not sent")
		}
		if _, err := open(t, c, objectURL, &object.Options{Retries: -1}); err == nil {
			t.Error("it was sent")
		}
		if got, _, _ := strings.Cut(host, ".amazonaws"); !strings.HasPrefix(got, want) {
			t.Errorf("%v: %s", style, host)
		}
	}
}

func testStatic(t *testing.T, s *remotetest.Server) {
	o := Options{AccessKey: "ak", SecretKey: "sk", SessionToken: "st"}
	if k := keyWith(t, s, o); k != "ak" {
		t.Error(k)
	}
	list := s.Requests()
	if v := list[len(list)-1].Header.Get("X-Amz-Security-Token"); v != "st" {
		t.Error(v)
	}
	for _, o := range []Options{{AccessKey: "ak"}, {SecretKey: "sk"}, {SessionToken: "st"}} {
		if _, err := New(&o); err == nil {
			t.Errorf("%+v", o)
		}
	}
}

func testProfile(t *testing.T, s *remotetest.Server) {
	noCredentials(t)
	if err := os.WriteFile(os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), []byte("[default]\n"+
		"aws_access_key_id=kd\naws_secret_access_key=s\n[x]\naws_access_key_id=kx\n"+
		"aws_secret_access_key=s\n[empty]\nregion=y\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if k := keyWith(t, s, Options{Profile: "x"}); k != "kx" {
		t.Error(k)
	}
	for _, bad := range []string{"missing", "empty"} {
		_, err := open(t, newClient(t, Options{Endpoint: s.URL, Profile: bad}), objectURL, nil)
		if !kind(err, "denied") || !strings.Contains(err.Error(), bad) {
			t.Error(err)
		}
	}
}

func testAnonymous(t *testing.T, s *remotetest.Server) {
	noCredentials(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "ke")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
	if k := keyWith(t, s, Options{}); k != "ke" {
		t.Error(k)
	}
	if k := keyWith(t, s, Options{Anonymous: true}); k != "" {
		t.Error(k)
	}
}

func testCAFile(t *testing.T, _ *remotetest.Server) {
	secure := remotetest.NewTLS(t, content)
	name := filepath.Join(t.TempDir(), "ca")
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE",
		Bytes: secure.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	for ca, ok := range map[string]bool{"": false, name: true} {
		_, err := open(t, newClient(t, Options{Endpoint: secure.URL, Anonymous: true, CAFile: ca}),
			objectURL, nil)
		if (err == nil) != ok || !ok && !strings.Contains(err.Error(), "not trusted") {
			t.Error(err)
		}
	}
	if _, err := New(&Options{CAFile: name + "x"}); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func testRequests(t *testing.T, _ *remotetest.Server) {
	for n, want := range map[int]int{0: 16, 3: 3} {
		if c := newClient(t, Options{Requests: n}); cap(c.limit) != want {
			t.Errorf("%d: %d", n, cap(c.limit))
		}
	}
}
