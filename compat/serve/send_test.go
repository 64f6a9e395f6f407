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
func TestFastifySend(t *testing.T) {
	node := tools.Path(t, "node")
	modules := filepath.Join(tools.Repo(t), ".work", "npm", "node_modules")
	source := filepath.Join(modules, "@fastify", "send")
	for _, p := range []string{source, filepath.Join(modules, "supertest")} {
		if _, err := os.Stat(p); err != nil {
			tools.Missing(t, p)
		}
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(source)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "index.js"), []byte(sendShim), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	control := httptest.NewServer(packOnRequest(t))
	defer control.Close()
	files, err := filepath.Glob(filepath.Join(dir, "test", "send.*.test.js"))
	if err != nil || len(files) < 3 {
		t.Fatalf("%v: %d test files", err, len(files))
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	// A case that fails leaves its server open: the run would not end by itself.
	cmd := exec.CommandContext(ctx, node, append([]string{"--test", "--test-reporter=tap", "--test-timeout=20000", "--test-force-exit"}, files...)...)
	cmd.WaitDelay = time.Second
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TPK_CONTROL="+control.URL, "TPK_FIXTURES="+filepath.Join(dir, "test", "fixtures"), "NODE_OPTIONS=")
	out, err := cmd.Output() // its exit code only says that the excluded ones fail
	results := tapResults(string(out))
	if len(results) < 100 {
		t.Fatalf("%d results: %v\n%s", len(results), err, out)
	}
	compareExcluded(t, results, sendExcluded)
}

// packOnRequest packs the directory "root" and serves it, once for each way to treat dotfiles.
func packOnRequest(t *testing.T) http.Handler {
	var mu sync.Mutex
	served := map[string]string{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		root, dotfiles := r.FormValue("root"), r.FormValue("dotfiles")
		if fi, err := os.Stat(root); err != nil || !fi.IsDir() {
			http.Error(w, "not a directory", http.StatusBadRequest)
			return
		}
		key := root + "\n" + dotfiles
		if served[key] == "" {
			c := serve.Config{Archives: []serve.Archive{{Path: packDir(t, root)}}}
			if dotfiles == "allow" {
				c.Plan = plan.Options{Hide: []string{}}
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
