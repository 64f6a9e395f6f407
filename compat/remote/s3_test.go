package remote

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/tarpack/remote/object"
	"github.com/tarpack/tpk/tarpack/remote/s3"
	"github.com/tarpack/tpk/tarpack/source"
)

// both runs a test with each server for S3.
func both(t *testing.T, test func(t *testing.T, g *gateway)) {
	t.Run("versitygw", func(t *testing.T) {
		g, _, _ := versitygw(t)
		test(t, g)
	})
	t.Run("gofakes3", func(t *testing.T) { test(t, gofakes3(t)) })
}

// ifMatch returns the status with which a server answers a request whose If-Match does not fit.
func (g *gateway) ifMatch(t *testing.T, key string) int {
	t.Helper()
	var o minio.GetObjectOptions
	if err := errors.Join(o.SetMatchETag("other"), o.SetRange(0, 9)); err != nil {
		t.Fatal(err)
	}
	core := minio.Core{Client: g.client}
	r, _, _, err := core.GetObject(t.Context(), bucket, key, o)
	if err != nil {
		return minio.ToErrorResponse(err).StatusCode
	}
	r.Close()
	return 206
}

// Objects of all sizes, uploaded at once or in parts, under any key.
func TestS3(t *testing.T) {
	both(t, func(t *testing.T, g *gateway) {
		for i, size := range []int{0, 1, 1000, 65536, 100_000, 12 << 20} {
			if size == 0 && strings.Contains(t.Name(), "gofakes3") {
				continue // it does not take it from this client
			}
			want := random(size, byte(i))
			for _, part := range []uint64{0, 5 << 20} {
				if part < uint64(size) && part > 0 && strings.Contains(t.Name(), "gofakes3") {
					continue // it stores the chunks of an upload in parts with their signatures
				}
				key := fmt.Sprintf("dir/%d-%d.tar.gz", size, part)
				g.put(t, key, want, part)
				for _, first := range []int64{0, -10, 10} {
					compare(t, g.mustOpen(t, key, &object.Options{First: first}), want)
				}
			}
		}
		for i, key := range []string{"a b", "a+b", "ä/ü", "a%20b", "a&b=c?d#e", "a//b", "x'y(z)!*~"} {
			if key == "a//b" && strings.Contains(t.Name(), "versitygw") {
				continue // it is no name of a file
			}
			want := random(100, byte(i))
			g.put(t, key, want, 0)
			compare(t, g.mustOpen(t, key, nil), want)
		}
	})
}

// An object that is replaced between two requests, or while a body is read.
func TestS3Replaced(t *testing.T) {
	both(t, func(t *testing.T, g *gateway) {
		const key = "a.tar.gz"
		older, newer := random(100_000, 1), random(100_000, 2)
		for _, part := range []uint64{0, 5 << 20} {
			g.put(t, key, older, part)
			want := map[bool]int{true: 412, false: 206}[strings.Contains(t.Name(), "versitygw")]
			if status := g.ifMatch(t, key); status != want {
				t.Fatalf("If-Match is answered with %d", status)
			}
			x := g.mustOpen(t, key, &object.Options{First: -10})
			compare(t, x, older)
			if err := x.Check(t.Context()); err != nil {
				t.Error(err)
			}
			g.put(t, key, newer, part)
			p := make([]byte, 100)
			if _, err := x.ReadAt(p, 0); !errors.Is(err, source.ErrChanged) {
				t.Error(err)
			}
			if err := x.Check(t.Context()); !errors.Is(err, source.ErrChanged) {
				t.Error(err)
			}
			y := g.mustOpen(t, key, &object.Options{First: -10})
			compare(t, y, newer)
			if x.Identity() == y.Identity() || y.Identity() == "" {
				t.Errorf("%q, %q", x.Identity(), y.Identity())
			}
			if err := g.client.RemoveObject(t.Context(), bucket, key,
				minio.RemoveObjectOptions{}); err != nil {
				t.Fatal(err)
			}
			if _, err := y.ReadAt(p, 0); !errors.Is(err, source.ErrChanged) {
				t.Error(err)
			}
			if _, err := open(t, g.options(), key, nil); !errors.Is(err, fs.ErrNotExist) {
				t.Error(err)
			}
		}
	})
}

// Nobody but the owner gets anything, until the bucket is for everybody.
func TestS3Credentials(t *testing.T) {
	g, _, _ := versitygw(t)
	want := random(1000, 1)
	const key = "a.tar.gz"
	g.put(t, key, want, 0)
	endpoint := "http://" + g.address
	for _, test := range []struct {
		o    s3.Options
		want string
	}{
		{s3.Options{Anonymous: true}, "AccessDenied"},
		{s3.Options{AccessKey: accessKey, SecretKey: "wrong"}, "SignatureDoesNotMatch"},
	} {
		test.o.Endpoint = endpoint
		_, err := open(t, test.o, key, nil)
		if !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s: %v", test.want, err)
		}
		contains(t, err, "s3://bucket/a.tar.gz", test.want)
	}
	_, err := open(t, s3.Options{Endpoint: endpoint, AccessKey: "other", SecretKey: "x"}, key, nil)
	contains(t, err, "No user exists") // with 404, where Amazon sends 403 and InvalidAccessKeyId
	dir := tools.Dir(t)
	file := filepath.Join(dir, "credentials")
	keys := fmt.Sprintf("aws_access_key_id = %s\naws_secret_access_key = %s\n", accessKey, secretKey)
	if err := os.WriteFile(file, []byte("[default]\naws_access_key_id=x\naws_secret_access_key=y\n"+
		"[other]\n"+keys), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", file)
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(dir, "none"))
	check := func(o s3.Options) {
		t.Helper()
		o.Endpoint = endpoint
		x, err := open(t, o, key, nil)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, x, want)
	}
	check(s3.Options{Profile: "other"})
	t.Setenv("AWS_PROFILE", "other")
	check(s3.Options{})
	t.Setenv("AWS_PROFILE", "")
	t.Setenv("AWS_ACCESS_KEY_ID", accessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secretKey)
	check(s3.Options{})
	policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",`+
		`"Action":"s3:GetObject","Resource":"arn:aws:s3:::%s/*"}]}`, bucket)
	if err := g.client.SetBucketPolicy(t.Context(), bucket, policy); err != nil {
		t.Fatal(err)
	}
	check(s3.Options{Anonymous: true})
	check(s3.Options{Anonymous: true, PathStyle: true})
}

// A bucket in another region than the one that is tried first.
func TestS3Region(t *testing.T) {
	g, _, _ := versitygw(t, "--region", "eu-west-1")
	want := random(1000, 1)
	g.put(t, "a.tar.gz", want, 0)
	compare(t, g.mustOpen(t, "a.tar.gz", &object.Options{First: -10}), want)
}

// A server that is stopped and started again, also while a body is read.
func TestS3Restarted(t *testing.T) {
	g, p, again := versitygw(t)
	const key = "a.tar.gz"
	want := random(32<<20, 1)
	g.put(t, key, want, 0)
	x := g.mustOpen(t, key, &object.Options{First: -10, Retries: 20})
	r, err := x.Get(t.Context(), 0, x.Size()-20)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got := make([]byte, len(want)-20)
	if _, err := io.ReadFull(r, got[:1000]); err != nil {
		t.Fatal(err)
	}
	p.Kill()
	once := g.mustOpenFails(t, key)
	contains(t, once, "connection refused")
	if !errors.Is(once, source.ErrUnavailable) {
		t.Error(once)
	}
	started := make(chan *fixture.Server)
	go func() { started <- again() }()
	if _, err := io.ReadFull(r, got[1000:]); err != nil || !bytes.Equal(got, want[:len(got)]) {
		t.Error(err)
	}
	<-started
	compare(t, x, want)
}

// mustOpenFails returns the error of opening an object without another attempt.
func (g *gateway) mustOpenFails(t *testing.T, key string) error {
	t.Helper()
	_, err := open(t, g.options(), key, &object.Options{Retries: -1})
	if err == nil {
		t.Fatal("it was opened")
	}
	return err
}
