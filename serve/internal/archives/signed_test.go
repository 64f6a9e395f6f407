package archives

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"aead.dev/minisign"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/sign"
	"github.com/tarpack/tpk/tarpack/signature"
)

// signed packs and signs an archive, and returns what trusts it.
func signed(t *testing.T, o pack.FSOptions) (name string, trust *signature.Trust) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "x.tar.gz")
	o.SHA256 = true
	files := fstest.MapFS{"a": {Data: bytes.Repeat([]byte("content "), 1000), Mode: 0o644,
		ModTime: time.Unix(1e9, 0)}}
	if _, err := pack.FS(t.Context(), files, name, o); err != nil {
		t.Fatal(err)
	}
	_, secret, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text, err := secret.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	key, err := signature.ParseSecretKey(text, nil)
	if err == nil {
		_, err = sign.Sign(t.Context(), name, key, sign.Options{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return name, &signature.Trust{Key: key.Public()}
}

// TestSignedMappedIndex changes the index of a signed archive, which is too large to be in memory,
// in its file, and sets the time of the file back. In the end the name is removed or not. Nothing
// of the changed index may be answered.
func TestSignedMappedIndex(t *testing.T) {
	defer func(n int64) { loadIndex = n }(loadIndex)
	loadIndex = 1
	for _, c := range []struct {
		name              string
		embed, forge, del bool
	}{
		{"beside, removed", false, false, true},
		{"beside, forged", false, true, false},
		{"beside, forged and removed", false, true, true},
		{"embedded, removed", true, false, true},
		{"embedded, forged", true, true, false},
		{"embedded, forged and removed", true, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			name, trust := signed(t, pack.FSOptions{EmbedIndex: c.embed})
			l, err := NewLibrary(Options{Trust: trust, CacheDir: filepath.Join(t.TempDir(), "cache")})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			if err := l.Load(t.Context(), []Spec{{Path: name}}); err != nil {
				t.Fatal(err)
			}
			n, err := lookup(t, l, "a")
			if err != nil {
				t.Fatal(err)
			}
			file := name + ".tpi"
			if c.embed {
				file = name
			}
			was, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			f, err := os.OpenFile(file, os.O_RDWR, 0)
			if err == nil && c.forge {
				err = nextSecond(f, n.ModTime)
			}
			err = errors.Join(err, f.Close(), os.Chtimes(file, time.Time{}, was.ModTime()))
			if err == nil && c.del {
				err = os.Remove(file)
			}
			if err != nil {
				t.Fatal(err)
			}
			var v View
			l.View(&v)
			defer v.Release()
			for range 2 { // the first time it may be in doubt
				got, err := v.Lookup("a")
				if err == nil {
					err = v.Check()
				}
				if err == nil && got.ModTime != n.ModTime || err == nil && c.forge {
					t.Errorf("%v, time %d, was %d", err, got.ModTime, n.ModTime)
				}
				if !c.forge && err == nil {
					return
				}
				v.forget()
			}
			if !c.forge {
				t.Error("it is not answered")
			}
		})
	}
}

// nextSecond adds a second to the time in the only record of the index in f.
func nextSecond(f *os.File, was int64) error {
	b, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	const at = 36 // in a record (FORMAT.md 2.2), which follows the header
	for from := 0; ; {
		k := bytes.Index(b[from:], []byte("TPKINDEX"))
		if k < 0 {
			return errors.New("there is no index")
		}
		from += k + sidecar.HeaderSize
		if b[from+at] == byte(was) && b[from+at+1] == byte(was>>8) {
			_, err = f.WriteAt([]byte{byte(was) + 1}, int64(from+at))
			return err
		}
	}
}
