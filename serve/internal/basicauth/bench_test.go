package basicauth

import (
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkCheck checks credentials that are known, and compares passwords.
func BenchmarkCheck(b *testing.B) {
	name := filepath.Join(b.TempDir(), "users")
	if err := os.WriteFile(name, []byte("a:"+byBcrypt+"\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	f, err := Open(name, func(string) {})
	if err != nil {
		b.Fatal(err)
	}
	right, wrong := field("a", "open sesame"), field("a", "wrong")
	if ok, err := f.Check(right, 1, false); !ok || err != nil {
		b.Fatal(ok, err)
	}
	b.Run("known", func(b *testing.B) {
		for b.Loop() {
			_, _ = f.Check(right, 1, true)
		}
	})
	b.Run("bcrypt", func(b *testing.B) {
		for b.Loop() {
			_, _ = f.Check(wrong, 1, false)
		}
	})
}
