package serve

import (
	_ "embed"
	"os"
	"path/filepath"
	"testing"
)

//go:embed testdata/send.js
var sendShim string

//go:embed testdata/send-excluded.txt
var sendExcluded string

// TestFastifySend runs the tests of npm's @fastify/send with tpk in its place: their directory is
// packed and served. testdata/send-excluded.txt lists the cases that cannot pass, with reasons. A
// listed case that passes is a failure too. A run without tpk determines which cases exist.
func TestFastifySend(t *testing.T) {
	modules := nodeModules(t, "@fastify/send", "supertest")
	dir := t.TempDir()
	copyDir(t, dir, filepath.Join(modules, "@fastify", "send"))
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	files := []string{"test/send.1.test.js", "test/send.2.test.js", "test/send.3.test.js",
		"test/onFile.test.js"}
	known := nodeTest(t, dir, nil, files...)
	write(t, filepath.Join(dir, "index.js"), sendShim)
	results := nodeTest(t, dir, control(t, filepath.Join(dir, "test", "fixtures")), files...)
	compareExcluded(t, known, results, sendExcluded)
}
