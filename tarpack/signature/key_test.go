package signature_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aead.dev/minisign"

	"github.com/tarpack/tpk/tarpack/signature"
)

// keyTexts returns the texts of the two files of a new pair of keys.
func keyTexts(t *testing.T) (public, secret string) {
	t.Helper()
	pub, private, err := minisign.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := pub.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	b, err := private.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	return string(a), string(b)
}

// mixed returns the text of a secret key with the public half of another. In the 158 bytes after
// the comment are, besides the names of algorithms and zeros, the key's number, 32 bytes of seed
// and 32 of public key: see minisign(1).
func mixed(t *testing.T, secret, other string) string {
	t.Helper()
	decode := func(text string) (comment string, b []byte) {
		comment, line, _ := strings.Cut(strings.TrimSpace(text), "\n")
		b, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(b) != 158 {
			t.Fatalf("%d bytes, %v", len(b), err)
		}
		return comment, b
	}
	comment, a := decode(secret)
	_, b := decode(other)
	copy(a[94:126], b[94:126])
	return comment + "\n" + base64.StdEncoding.EncodeToString(a) + "\n"
}

// TestWrongKeys: the error of a file that is not the key which was asked for names the file once.
func TestWrongKeys(t *testing.T) {
	public, secret := keyTexts(t)
	_, other := keyTexts(t)
	long := strings.Repeat("x", 4097)
	for _, c := range []struct {
		text   string
		secret bool
		kind   error
		reason string
	}{
		{public, true, signature.ErrSecretKey, "it is a public key"},
		{"", true, signature.ErrSecretKey, ""},
		{long, true, signature.ErrSecretKey, "more than 4096 bytes"},
		{mixed(t, secret, other), true, signature.ErrSecretKey, "its parts don't belong together"},
		{secret, false, signature.ErrPublicKey, "it is the secret key"},
		{"", false, signature.ErrPublicKey, ""},
		{long, false, signature.ErrPublicKey, "more than 4096 bytes"},
	} {
		name := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(name, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		var err error
		if c.secret {
			_, err = signature.ReadSecretKey(name, nil)
		} else {
			_, err = signature.ReadPublicKey(name)
		}
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.reason) ||
			strings.Count(err.Error(), name) != 1 {
			t.Errorf("%.40q, secret %v: %v", c.text, c.secret, err)
		}
	}
}

// TestNotBefore: times are compared in whole seconds, since a signature has no others.
func TestNotBefore(t *testing.T) {
	_, text := keyTexts(t)
	key, err := signature.ParseSecretKey([]byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	sum := oneFile.Append(nil)
	at := time.Unix(1790000000, 0)
	signed, err := key.Sign(sum, "site.tar.gz.sum", at)
	if err != nil {
		t.Fatal(err)
	}
	private := new(minisign.PrivateKey)
	if err := private.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	r := minisign.NewReader(bytes.NewReader(sum))
	if _, err := io.Copy(io.Discard, r); err != nil {
		t.Fatal(err)
	}
	undated := r.SignWithComments(*private, "file:site.tar.gz.sum", "")
	for since, want := range map[time.Time]error{
		{}: nil, at.Add(-time.Second): nil, at: nil, at.Add(time.Second - 1): nil,
		at.Add(time.Second): signature.ErrOld,
	} {
		trust := signature.Trust{Key: key.Public(), NotBefore: since}
		if s, err := trust.Check("site.tar.gz", sum, signed); !errors.Is(err, want) ||
			err == nil && !s.Time.Equal(at) {
			t.Errorf("since %v: %v", since, err)
		}
	}
	trust := signature.Trust{Key: key.Public()}
	if _, err := trust.Check("site.tar.gz", sum, undated); err != nil {
		t.Error(err)
	}
	trust.NotBefore = at
	if _, err := trust.Check("site.tar.gz", sum, undated); !errors.Is(err, signature.ErrUndated) {
		t.Error(err)
	}
}
