//go:build linux

package edit

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aead.dev/minisign"

	"github.com/tarpack/tpk/compat/tools"
)

// signJob returns a job that signs an archive with its index in itself, where the archive before it
// was signed.
func signJob(t *testing.T, old, next string) *job {
	t.Helper()
	dir, key := tools.Dir(t), filepath.Join(tools.Dir(t), "key")
	public, secret, err := minisign.GenerateKey(nil)
	for name, k := range map[string]interface{ MarshalText() ([]byte, error) }{
		key: secret, key + ".pub": public,
	} {
		var text []byte
		if err == nil {
			text, err = k.MarshalText()
		}
		if err == nil {
			err = os.WriteFile(name, text, 0o600)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join(dir, "a.tar.gz")
	must(t, "pack", "--sha256", "--embed-index", old, archive)
	must(t, "sign", "--secret-key", key, archive)
	must(t, "pack", "--sha256", "--embed-index", next, archive)
	before := readFiles(t, dir)
	return &job{name: "sign", argv: []string{"sign", "-q", "--secret-key", key, "DIR/a.tar.gz"},
		before: before, again: true,
		state: func(t *testing.T, j *job, dir string) string {
			return signState(t, j, dir, key+".pub")
		}}
}

// signState returns "old", "new" or "neither": then no reader accepts the signature. The archive is
// the same in all of them.
func signState(t *testing.T, j *job, dir, key string) string {
	t.Helper()
	got := readFiles(t, dir)
	if got["a.tar.gz"] != j.before["a.tar.gz"] {
		t.Error("the archive has changed")
	}
	r := tpk(t, "verify", "-q", "--public-key", key, filepath.Join(dir, "a.tar.gz"))
	switch {
	case maps.Equal(got.visible(), j.before):
		if r.Code != 1 || !strings.Contains(string(r.Err), "it is not the archive that was signed") {
			t.Error(r)
		}
		return "old"
	case r.Code == 0:
		return "new"
	case r.Code != 1 || !strings.Contains(string(r.Err), "the signature is wrong"):
		t.Error(r)
	}
	return "neither"
}
