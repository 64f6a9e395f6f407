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

// TestFastifySend runs the tests that npm's @fastify/send ships, with tpk in its place: their file
// system is packed, and served. Cases that can't hold are listed in testdata/send-excluded.txt,
// each with why; one that fails and is not listed is a failure, and so is one that is listed and
// passes. What cases there are is read from a run without tpk.
func TestFastifySend(t *testing.T) {
	modules := nodeModules(t, "@fastify/send", "supertest")
	dir := t.TempDir()
	copyDir(t, dir, filepath.Join(modules, "@fastify", "send"))
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	files := []string{"test/send.1.test.js", "test/send.2.test.js", "test/send.3.test.js", "test/onFile.test.js"}
	known := nodeTest(t, dir, nil, files...)
	write(t, filepath.Join(dir, "index.js"), sendShim)
	results := nodeTest(t, dir, control(t, filepath.Join(dir, "test", "fixtures")), files...)
	compareExcluded(t, known, results, sendExcluded)
}
