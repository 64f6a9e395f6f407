package sign

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

func TestMain(m *testing.M) { os.Exit(fixture.Main(m)) }

// A maker signs archives: a directory with a pair of keys that minisign has made.
type maker struct{ dir, secret, public string }

// newMaker makes a pair of keys without a password.
func newMaker(t testing.TB) *maker {
	t.Helper()
	dir := tools.Dir(t)
	m := &maker{dir: dir, secret: filepath.Join(dir, "key"), public: filepath.Join(dir, "key.pub")}
	tools.Must(t, exec.Command(tools.Path(t, "minisign"), "-G", "-W", "-p", m.public, "-s", m.secret))
	return m
}

// pack packs a tree into dir/name with SHA-256 sums.
func pack(t testing.TB, tree trees.Tree, dir, name string, flags ...string) string {
	t.Helper()
	src := filepath.Join(tools.Dir(t), "tree")
	fixture.WriteTree(t, tree, src)
	archive := filepath.Join(dir, name)
	fixture.Pack(t, src, archive, append([]string{"--sha256"}, flags...)...)
	return archive
}

// sign runs tpk sign, which must succeed.
func (m *maker) sign(t testing.TB, archive string) {
	t.Helper()
	r := fixture.Run(t, "sign", "-q", "--secret-key", m.secret, archive)
	if r.Code != 0 || len(r.Out) > 0 || len(r.Err) > 0 {
		t.Fatal(r)
	}
}

// resign signs the checksums of an archive again, with minisign and a trusted comment.
func (m *maker) resign(t testing.TB, archive, comment string, flags ...string) {
	t.Helper()
	args := []string{"-S", "-W", "-s", m.secret, "-m", archive + ".sum", "-t", comment}
	args = append(args, flags...)
	tools.Must(t, exec.Command(tools.Path(t, "minisign"), args...))
}

// in returns a command that runs in a directory.
func in(dir string, cmd *exec.Cmd) *exec.Cmd {
	cmd.Dir = dir
	return cmd
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t testing.TB, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// edit replaces a text in a file, which must have it.
func edit(t testing.TB, name, old, by string) {
	t.Helper()
	b := read(t, name)
	edited := bytes.Replace(b, []byte(old), []byte(by), 1)
	if bytes.Equal(b, edited) {
		t.Fatalf("%s has no %q", name, old)
	}
	write(t, name, edited)
}

func lines(b []byte) []string { return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") }
