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

// TestFastifyStatic runs the tests of npm's @fastify/static. The plugin is unchanged, but
// @fastify/send, with which it sends files, is replaced by tpk. testdata/static-excluded.txt lists
// the cases that cannot pass, as for [TestFastifySend].
//
// Of the 293 that pass, about 120 would pass with a server that always answers 404. They test the
// plugin's routes, options and hooks, or ask for missing files.
func TestFastifyStatic(t *testing.T) {
	modules := nodeModules(t, "@fastify/static", "@fastify/send", "@fastify/compress", "fastify",
		"concat-stream", "pino", "proxyquire")
	dir := t.TempDir()
	copyDir(t, dir, filepath.Join(modules, "@fastify", "static"))
	// A package of npm has no symbolic links.
	link := filepath.Join(dir, "test", "static-symbolic-link", "dir", "symlink")
	if err := errors.Join(os.MkdirAll(filepath.Dir(link), 0o755),
		os.Symlink("../origin", link)); err != nil {
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
	env := append(control(t, filepath.Join(dir, "test")),
		"TPK_SEND="+filepath.Join(modules, "@fastify", "send"))
	compareExcluded(t, known, nodeTest(t, dir, env, tests...), staticExcluded)
}

// linkAll makes a directory with links to everything in another one, except @fastify.
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
