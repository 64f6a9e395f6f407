package serve

import (
	"bufio"
	"context"
	_ "embed"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/serve/plan"
)

//go:embed testdata/send.js
var sendShim string

//go:embed testdata/send-excluded.txt
var sendExcluded string

// TestFastifySend runs the tests that npm's @fastify/send ships, with tpk in its place: their file system is packed, and
// served. Cases that can't hold are listed in testdata/send-excluded.txt, each with why; one that fails and is not listed
// is a failure, and so is one that is listed and passes.
//
// The tests of @fastify/static are not run: what they have of sending is @fastify/send's. The rest is about the routes,
// options and hooks of a plugin, and the checks that it makes of a file system before it sends, which tpk has no part in.
func TestFastifySend(t *testing.T) {
	modules := nodeModules(t, "@fastify/send", "supertest")
	dir := t.TempDir()
	copyDir(t, dir, filepath.Join(modules, "@fastify", "send"))
	write(t, filepath.Join(dir, "index.js"), sendShim)
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	compareExcluded(t, nodeTest(t, dir, "test/send.1.test.js", "test/send.2.test.js", "test/send.3.test.js"), sendExcluded)
}

// nodeModules is where npm's packages are, if those are there.
func nodeModules(t *testing.T, packages ...string) string {
	t.Helper()
	modules := filepath.Join(tools.Repo(t), ".work", "npm", "node_modules")
	for _, p := range packages {
		if _, err := os.Stat(filepath.Join(modules, p)); err != nil {
			tools.Missing(t, "npm package "+p)
		}
	}
	return modules
}

func copyDir(t *testing.T, dir, from string) {
	t.Helper()
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// nodeTest runs test files of node in dir, with tpk to serve what they ask for.
func nodeTest(t *testing.T, dir string, files ...string) map[string]bool {
	t.Helper()
	node := tools.Path(t, "node")
	control := httptest.NewServer(packOnRequest(t))
	defer control.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	// A case that fails leaves its server open: the run would not end by itself.
	cmd := exec.CommandContext(ctx, node, append([]string{"--test", "--test-reporter=tap", "--test-timeout=40000", "--test-force-exit"}, files...)...)
	cmd.WaitDelay = time.Second
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TPK_CONTROL="+control.URL, "TPK_FIXTURES="+filepath.Join(dir, "test", "fixtures"), "NODE_OPTIONS=")
	out, err := cmd.Output() // its exit code only says that the excluded ones fail
	results := tapResults(string(out))
	if len(results) < 100 {
		t.Fatalf("%d results: %v\n%s", len(results), err, out)
	}
	return results
}

// packOnRequest packs the directory "root" and serves it, once for each way to treat dotfiles.
func packOnRequest(t *testing.T) http.Handler {
	var mu sync.Mutex
	served := map[string]string{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		root, dotfiles, cache := r.FormValue("root"), r.FormValue("dotfiles"), r.FormValue("cache")
		if fi, err := os.Stat(root); err != nil || !fi.IsDir() {
			http.Error(w, "not a directory", http.StatusBadRequest)
			return
		}
		key := root + "\n" + dotfiles + "\n" + cache
		if served[key] == "" {
			c := serve.Config{Archives: []serve.Archive{{Path: packDir(t, root)}}, Plan: plan.Options{CacheControl: cache}}
			if dotfiles == "allow" {
				c.Plan.Hide = []string{}
			}
			served[key] = "http://" + start(t, c)
		}
		fmt.Fprint(w, served[key])
	})
}

var tapLine = regexp.MustCompile(`^( *)(not ok|ok) \d+ - (.*?)( # .*)?$`)

// tapResults reads which of the innermost tests passed, by their names from the outermost on. Of tests with the same
// name all must pass.
func tapResults(out string) map[string]bool {
	results := map[string]bool{}
	var path []string // of "# Subtest:" lines that are open
	parent := map[string]bool{}
	for line := range strings.Lines(out) {
		line = strings.TrimRight(line, "\n")
		trimmed := strings.TrimLeft(line, " ")
		depth := (len(line) - len(trimmed)) / 4
		if name, ok := strings.CutPrefix(trimmed, "# Subtest: "); ok {
			path = append(path[:min(depth, len(path))], name)
			parent[strings.Join(path[:len(path)-1], " > ")] = true
		} else if m := tapLine.FindStringSubmatch(line); m != nil {
			name := strings.Join(path[:min(depth+1, len(path))], " > ")
			if !parent[name] {
				was, seen := results[name]
				results[name] = m[2] == "ok" && (was || !seen)
			}
		}
	}
	return results
}

// compareExcluded holds the results against a list: a line "# reason", then the names it is the reason for.
func compareExcluded(t *testing.T, results map[string]bool, list string) {
	t.Helper()
	excluded, reason := map[string]string{}, ""
	lines := bufio.NewScanner(strings.NewReader(list))
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), "# "); ok {
			reason = text
		} else if lines.Text() != "" {
			excluded[lines.Text()] = reason
		}
	}
	passed := 0
	for name, ok := range results {
		_, listed := excluded[name]
		switch {
		case !ok && !listed:
			t.Errorf("fails: %s", name)
		case ok && listed:
			t.Errorf("passes, and is listed as excluded: %s", name)
		case ok:
			passed++
		}
	}
	for name := range excluded {
		if _, ok := results[name]; !ok {
			t.Errorf("excluded, and there is no such test: %s", name)
		}
	}
	t.Logf("%d cases: %d pass, %d excluded with a reason", len(results), passed, len(excluded))
}
