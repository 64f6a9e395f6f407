package s3

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack/remote/internal/remotetest"
)

// target returns the Target of a key.
func target(t *testing.T, endpoint, key string, o Options) *Target {
	t.Helper()
	o.Endpoint, o.AccessKey, o.SecretKey = endpoint, "a", "b"
	to, err := newClient(t, o).Target("s3://bucket/" + key)
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// An object has the type of an archive or of any bytes, and a body that is sent as it is, with its
// SHA-256 in the signature.
func TestTargetFields(t *testing.T) {
	const body = "content"
	raw := sha256.Sum256([]byte(body))
	sum := hex.EncodeToString(raw[:])
	for key, want := range map[string]string{
		"a.tar.gz": "application/gzip", "a.tgz": "application/gzip",
		"a.tar.gz.tpi": "application/octet-stream", "a": "application/octet-stream",
	} {
		var got *http.Request
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = r
		}))
		defer s.Close()
		resp, err := target(t, s.URL, key, Options{}).Put(t.Context(), strings.NewReader(body),
			int64(len(body)), sum, "token")
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatal(resp, err)
		}
		for field, want := range map[string]string{
			"Content-Type": want, "X-Amz-Content-Sha256": sum, "X-Amz-Meta-Tpk-Upload": "token",
			"Content-Encoding": "",
		} {
			if v := got.Header.Get(field); v != want {
				t.Errorf("%s: %s: %q, want %q", key, field, v, want)
			}
		}
		if got.URL.Path != "/bucket/"+key || got.ContentLength != int64(len(body)) {
			t.Errorf("%s, %d bytes", got.URL, got.ContentLength)
		}
	}
}

// A server that names another region gets the whole body again, for that region.
func TestTargetRegion(t *testing.T) {
	b := remotetest.NewBucket(t)
	b.Do(func(_ string, n int) remotetest.BucketFault {
		return func(w http.ResponseWriter, r *http.Request, _ func()) {
			if !strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/") {
				w.Header().Set("X-Amz-Bucket-Region", "eu-west-1")
				remotetest.S3Error(w, http.StatusBadRequest, "AuthorizationHeaderMalformed")
				return
			}
			b.Carry(w, r)
		}
	})
	raw := sha256.Sum256(content)
	sum := hex.EncodeToString(raw[:])
	to := target(t, b.URL, "a", Options{})
	resp, err := to.Put(t.Context(), strings.NewReader(string(content)), int64(len(content)), sum, "x")
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp, err)
	}
	if got, _, _ := b.Object("/bucket/a"); string(got) != string(content) {
		t.Errorf("%d bytes", len(got))
	}
	token, _, err := to.Token(t.Context())
	if err != nil || token != "x" {
		t.Error(token, err)
	}
	to = target(t, b.URL, "a", Options{Region: "us-east-1"}) // that one and no other
	resp, err = to.Put(t.Context(), strings.NewReader(""), 0, sum, "x")
	if err != nil || resp.StatusCode != http.StatusBadRequest {
		t.Error(resp, err)
	}
}
