package js

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
)

func TestMain(m *testing.M) { os.Exit(fixture.Main(m)) }

// source returns the directory of the reader's source, whose tools must be installed.
func source(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(tools.Repo(t), "js")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "typescript")); err != nil {
		tools.Missing(t, "typescript (npm ci in js)")
	}
	return dir
}

// run runs a program in the directory of the reader, which must succeed.
func run(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(tools.Path(t, args[0]), args[1:]...)
	cmd.Dir = source(t)
	return tools.Must(t, cmd)
}

// built builds the package once. The files of the viewer must be those that are in the repository.
var built = sync.OnceValue(func() error {
	repo, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return err
	}
	cmd := exec.Command("node", "build.mjs", "--check")
	cmd.Dir = filepath.Join(filepath.Dir(string(bytes.TrimSpace(repo))), "js")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
})

// build builds the package.
func build(t *testing.T) {
	t.Helper()
	tools.Path(t, "node")
	source(t)
	if err := built(); err != nil {
		t.Fatal(err)
	}
}

// TestReader runs the tests of the package.
func TestReader(t *testing.T) {
	build(t)
	tests, err := filepath.Glob(filepath.Join(source(t), "test", "*.test.mjs"))
	if err != nil || len(tests) == 0 {
		t.Fatal("no tests: ", err)
	}
	defer func(before time.Duration) { tools.Timeout = before }(tools.Timeout)
	tools.Timeout = 10 * time.Minute // on a machine that does much else
	cmd := exec.Command(tools.Path(t, "node"), append([]string{"--test", "--test-reporter=tap"},
		tests...)...)
	cmd.Dir = source(t)
	r := tools.Run(t, cmd)
	for _, line := range regexp.MustCompile(`(?m)^ *not ok .*(?:\n +.*){0,20}`).FindAll(r.Out, -1) {
		t.Errorf("%s", line)
	}
	passed := regexp.MustCompile(`(?m)^# pass (\d+)$`).FindSubmatch(r.Out)
	if r.Code != 0 || passed == nil {
		t.Fatal(r)
	}
	if n, _ := strconv.Atoi(string(passed[1])); n < 200 {
		t.Errorf("%d tests only", n)
	}
	for _, word := range []string{"skipped", "todo", "cancelled"} {
		if !bytes.Contains(r.Out, []byte("\n# "+word+" 0\n")) {
			t.Errorf("some tests were %s", word)
		}
	}
}

// TestTypes compiles a program that uses the package by its types, as its users do.
func TestTypes(t *testing.T) {
	build(t)
	run(t, "node", "node_modules/typescript/bin/tsc", "-p", "test")
}

// TestPackage: what npm publishes is complete, and has no dependencies.
func TestPackage(t *testing.T) {
	build(t)
	var packs []struct {
		Files []struct{ Path string }
	}
	if err := json.Unmarshal(run(t, "npm", "pack", "--dry-run", "--json", "--ignore-scripts"),
		&packs); err != nil || len(packs) != 1 {
		t.Fatal(err, packs)
	}
	var names []string
	for _, f := range packs[0].Files {
		names = append(names, f.Path)
	}
	for _, want := range []string{"LICENSE", "README.md", "dist/index.js", "dist/index.d.ts",
		"dist/node.js", "dist/node.d.ts", "package.json", "src/index.ts"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing in %q", want, names)
		}
	}
	manifest, err := os.ReadFile(filepath.Join(source(t), "package.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(manifest, &m); err != nil || m["dependencies"] != nil {
		t.Error(err, m["dependencies"])
	}
}

// TestExamples runs the examples of docs/manual/reading.md and of the reader's own README, as a
// program that has installed the package.
func TestExamples(t *testing.T) {
	build(t)
	dir := tools.Dir(t)
	site := filepath.Join(dir, "site")
	for name, text := range map[string]string{
		"index.html": "<!doctype html>start", "docs/guide.html": "the guide",
		"docs/index.html": "an index", "video.mp4": strings.Repeat("moving pictures ", 200_000),
	} {
		name = filepath.Join(site, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	fixture.Pack(t, site, filepath.Join(dir, "site.tar.gz"))
	if err := os.Mkdir(filepath.Join(dir, "node_modules"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(source(t), filepath.Join(dir, "node_modules", "tpk-reader")); err != nil {
		t.Fatal(err)
	}
	for file, c := range map[string]struct{ setup, want string }{
		"docs/manual/reading.md": {"", "guide.html 9\nindex.html 8\nthe guide\npart: doctype\n"},
		"js/README.md": {"const destination = new WritableStream();",
			"guide.html file 9\nindex.html file 8\nan index\npart: " +
				strings.Repeat("moving pictures ", 62_500) + "\n"},
	} {
		readme, err := os.ReadFile(filepath.Join(tools.Repo(t), file))
		if err != nil {
			t.Fatal(err)
		}
		m := regexp.MustCompile("(?s)\n```js\n(.*?)\n```").FindSubmatch(readme)
		if m == nil {
			t.Fatalf("%s has no example", file)
		}
		program := c.setup + "\n" + strings.ReplaceAll(string(m[1]), "https://example.org/", "") +
			"\nconsole.log('part:', new TextDecoder().decode(part));\n"
		name := filepath.Join(dir, "example.mjs")
		if err := os.WriteFile(name, []byte(program), 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(tools.Path(t, "node"), "--preserve-symlinks", name)
		cmd.Dir = dir
		if got := string(tools.Must(t, cmd)); got != c.want {
			t.Errorf("%s: %.300q, want %.300q", file, got, c.want)
		}
	}
}
