package tartest

import (
	"testing"

	"aead.dev/minisign"

	"github.com/tarpack/tpk/tarpack/sign"
	"github.com/tarpack/tpk/tarpack/signature"
)

// NewKey returns a new secret key.
func NewKey(t testing.TB) signature.SecretKey {
	t.Helper()
	_, private, err := minisign.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := private.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	k, err := signature.ParseSecretKey(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Sign signs an archive that has SHA-256 sums, with a new key, and returns what trusts it.
func Sign(t testing.TB, name string) *signature.Trust {
	t.Helper()
	k := NewKey(t)
	if _, err := sign.Sign(t.Context(), name, k, sign.Options{}); err != nil {
		t.Fatal(err)
	}
	return &signature.Trust{Key: k.Public()}
}
