package serve

import (
	_ "embed"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

//go:embed testdata/static-excluded.txt
var staticExcluded string

// TestFastifyStatic runs the tests that npm's @fastify/static ships. The plugin is as it is, but
// what it sends files with, @fastify/send, is tpk. Cases that can't hold are listed in
// testdata/static-excluded.txt, as in [TestFastifySend].
//
// Of the 293 that pass, about 120 would with a server that says 404 to all: they are about the
// plugin's routes, options and hooks, or ask for what isn't there.
func TestFastifyStatic(t *testing.T) {
	modules := nodeModules(t, "@fastify/static", "@fastify/send", "@fastify/compress", "fastify", "concat-stream", "pino", "proxyquire")
	dir := t.TempDir()
	copyDir(t, dir, filepath.Join(modules, "@fastify", "static"))
	// npm leaves symbolic links out of a package.
	link := filepath.Join(dir, "test", "static-symbolic-link", "dir", "symlink")
	if err := errors.Join(os.MkdirAll(filepath.Dir(link), 0o755), os.Symlink("../origin", link)); err != nil {
		t.Fatal(err)
	}
	linkAll(t, filepath.Join(dir, "node_modules"), modules)
	linkAll(t, filepath.Join(dir, "node_modules", "@fastify"), filepath.Join(modules, "@fastify"))
	tests, err := filepath.Glob(filepath.Join(dir, "test", "*.test.js"))
	if err != nil {
		t.Fatal(err)
	}
	known := nodeTest(t, dir, nil, tests...)

	send := filepath.Join(dir, "node_modules", "@fastify", "send")
	if err := os.Remove(send); err != nil { // the link
		t.Fatal(err)
	}
	write(t, filepath.Join(send, "index.js"), sendShim)
	env := append(control(t, filepath.Join(dir, "test")), "TPK_SEND="+filepath.Join(modules, "@fastify", "send"))
	compareExcluded(t, known, nodeTest(t, dir, env, tests...), staticExcluded)
}

// linkAll makes a directory with links to all that is in another, but for @fastify.
func linkAll(t *testing.T, dir, from string) {
	t.Helper()
	entries, err := os.ReadDir(from)
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	for _, e := range entries {
		if e.Name() != "@fastify" {
			err = errors.Join(err, os.Symlink(filepath.Join(from, e.Name()), filepath.Join(dir, e.Name())))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}
