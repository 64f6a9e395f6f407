package remote

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/tarpack/remote/object"
	"github.com/tarpack/tpk/tarpack/remote/s3"
	"github.com/tarpack/tpk/tarpack/remote/web"
)

// random returns n bytes, others for each seed.
func random(n int, seed byte) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(b)
	return b
}

// The keys that the servers for S3 are started with.
const accessKey, secretKey = "access", "secret-key"

const bucket = "bucket"

// A gateway is a server for S3 with a bucket.
type gateway struct {
	address string
	client  *minio.Client // of its owner
}

// newGateway returns the gateway that listens on an address, and makes its bucket.
func newGateway(t testing.TB, address, region string) *gateway {
	t.Helper()
	c, err := minio.New(address, &minio.Options{Region: region,
		Creds: credentials.NewStaticV4(accessKey, secretKey, "")})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.MakeBucket(t.Context(), bucket, minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	return &gateway{address: address, client: c}
}

// versitygw starts versitygw on a directory and returns it with a function that starts it again.
func versitygw(t testing.TB, flags ...string) (g *gateway, p *fixture.Server,
	again func() *fixture.Server) {
	t.Helper()
	tool := tools.GoProgram(t, "versitygw")
	dir, address := tools.Dir(t), fixture.FreeAddress(t)
	again = func() *fixture.Server {
		args := append(append([]string{"--access", accessKey, "--secret", secretKey, "--port", address},
			flags...), "posix", dir)
		return fixture.StartServer(t, address, exec.Command(tool, args...))
	}
	p = again()
	region := "us-east-1"
	for i, f := range flags {
		if f == "--region" {
			region = flags[i+1]
		}
	}
	return newGateway(t, address, region), p, again
}

// gofakes3 starts gofakes3, which ignores If-Match.
func gofakes3(t testing.TB) *gateway {
	t.Helper()
	address := fixture.FreeAddress(t)
	fixture.StartServer(t, address, exec.Command(tools.GoProgram(t, "gofakes3"),
		"-host", address, "-backend",
		"memory"))
	return newGateway(t, address, "us-east-1")
}

// put uploads an object. If part is not 0, it is uploaded in parts of so many bytes.
func (g *gateway) put(t testing.TB, key string, b []byte, part uint64) {
	t.Helper()
	_, err := g.client.PutObject(t.Context(), bucket, key, bytes.NewReader(b), int64(len(b)),
		minio.PutObjectOptions{PartSize: part, DisableMultipart: part == 0})
	if err != nil {
		t.Fatal(err)
	}
}

// options are those of its owner.
func (g *gateway) options() s3.Options {
	return s3.Options{Endpoint: "http://" + g.address, AccessKey: accessKey, SecretKey: secretKey}
}

// open opens an object.
func open(t testing.TB, o s3.Options, key string, oo *object.Options) (*object.Object, error) {
	t.Helper()
	c, err := s3.New(&o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	s, err := c.Object("s3://" + bucket + "/" + key)
	if err != nil {
		t.Fatal(err)
	}
	return object.Open(t.Context(), s, oo)
}

// mustOpen opens an object of a gateway as its owner.
func (g *gateway) mustOpen(t testing.TB, key string, oo *object.Options) *object.Object {
	t.Helper()
	x, err := open(t, g.options(), key, oo)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// read reads a range.
func read(ctx context.Context, x *object.Object, off, n int64) ([]byte, error) {
	r, err := x.Get(ctx, off, n)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// compare reads ranges of an object and compares them with what it has.
func compare(t testing.TB, x *object.Object, want []byte) {
	t.Helper()
	if x.Size() != int64(len(want)) {
		t.Fatalf("%d bytes, not %d", x.Size(), len(want))
	}
	for _, r := range [][2]int{{0, 0}, {0, 1}, {0, len(want)}, {len(want) / 2, len(want) / 3},
		{len(want) / 7, 1000}, {max(0, len(want)-1), 1}, {len(want), 0}} {
		off, n := r[0], min(r[1], len(want)-r[0])
		got, err := read(t.Context(), x, int64(off), int64(n))
		if err != nil || !bytes.Equal(got, want[off:off+n]) {
			t.Errorf("%d bytes from %d: %d, %v", n, off, len(got), err)
		}
	}
}

// contains fails the test unless the message of an error has some words.
func contains(t testing.TB, err error, words ...string) {
	t.Helper()
	for _, w := range words {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("%v: no %q", err, w)
		}
	}
}

// bothServers starts versitygw, and nginx with https, and returns a client for each. What nginx
// serves is in the directory root.
func bothServers(t testing.TB) (
	g *gateway, store *s3.Client, host, root string, client *web.Client,
) {
	t.Helper()
	g, _, _ = versitygw(t)
	options := g.options()
	store, err := s3.New(&options)
	if err != nil {
		t.Fatal(err)
	}
	host, root, cert := nginx(t, "")
	if client, err = web.New(&web.Options{CAFile: cert}); err != nil {
		t.Fatal(err)
	}
	return g, store, host, root, client
}
