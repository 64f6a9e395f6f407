package serve

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/serve"
)

// nodeModules returns the directory of npm's packages, which must include the given ones.
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

// nodeTest runs test files of node in dir, with additions to the environment, and returns which
// cases passed.
func nodeTest(t *testing.T, dir string, env []string, files ...string) map[string]bool {
	t.Helper()
	node := tools.Path(t, "node")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	// A case that fails leaves its server open, which would keep the run from ending.
	cmd := exec.CommandContext(ctx, node,
		append([]string{"--test", "--test-reporter=tap", "--test-timeout=40000", "--test-force-exit"},
			files...)...)
	cmd.WaitDelay = time.Second
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "NODE_OPTIONS=", "TMPDIR="+t.TempDir())
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.Output() // its exit status is not 0 if excluded cases fail
	results := tapResults(string(out))
	if len(results) < 100 {
		t.Fatalf("%d results: %v\n%s", len(results), err, out)
	}
	return results
}

// control starts the server that testdata/send.js asks for archives. It returns the environment
// that names this server, and fixtures, the directory to serve by default.
func control(t *testing.T, fixtures string) []string {
	t.Helper()
	s := httptest.NewServer(packOnRequest(t))
	t.Cleanup(s.Close)
	return []string{"TPK_CONTROL=" + s.URL, "TPK_FIXTURES=" + fixtures}
}

// packOnRequest returns a handler that packs the directory "root" and serves it, once for each set
// of options.
func packOnRequest(t *testing.T) http.Handler {
	var mu sync.Mutex
	served := map[string]string{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		root, dotfiles, cache, listing := r.FormValue("root"), r.FormValue("dotfiles"),
			r.FormValue("cache"), r.FormValue("listing")
		if fi, err := os.Stat(root); err != nil || !fi.IsDir() {
			http.Error(w, "not a directory", http.StatusBadRequest)
			return
		}
		key := strings.Join([]string{root, dotfiles, cache, listing}, "\n")
		if served[key] == "" {
			c := serve.Options{Archives: []serve.Archive{{Path: packDir(t, root)}},
				CacheControl: cache, Listing: listing == "yes"}
			if dotfiles == "allow" {
				c.Hide = []string{}
			}
			served[key] = "http://" + start(t, c)
		}
		fmt.Fprint(w, served[key])
	})
}

var tapLine = regexp.MustCompile(`^( *)(not ok|ok) \d+ - (.*?)( # .*)?$`)

// tapResults returns which of the innermost tests passed, by their names from the outermost on. The
// second test of a name is NAME [2]. A skipped test has not passed. An outer test is included only
// if it fails although its inner tests pass.
func tapResults(out string) map[string]bool {
	results := map[string]bool{}
	var path []string // the "# Subtest:" lines that are open
	type inner struct{ seen, failed bool }
	var inside [16]inner // by the depth of the test around them
	for line := range strings.Lines(out) {
		line = strings.TrimRight(line, "\n")
		trimmed := strings.TrimLeft(line, " ")
		depth := min((len(line)-len(trimmed))/4, len(inside)-1)
		if name, ok := strings.CutPrefix(trimmed, "# Subtest: "); ok {
			path = append(path[:min(depth, len(path))], name)
			continue
		}
		m := tapLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		pass := m[2] == "ok" && !strings.HasPrefix(m[4], " # SKIP")
		if in := inside[depth]; !in.seen || !pass && !in.failed {
			results[numbered(results, strings.Join(path[:min(depth+1, len(path))], " > "))] = pass
		}
		inside[depth] = inner{}
		if depth > 0 {
			inside[depth-1].seen = true
			inside[depth-1].failed = inside[depth-1].failed || !pass
		}
	}
	return results
}

// numbered returns a name that is not taken yet.
func numbered(taken map[string]bool, name string) string {
	unique := name
	for i := 2; ; i++ {
		if _, ok := taken[unique]; !ok {
			return unique
		}
		unique = fmt.Sprintf("%s [%d]", name, i)
	}
}

// compareExcluded compares the results with a list of excluded cases: a line "# reason", then the
// names. All cases of known, the results of the original program, must have run.
func compareExcluded(t *testing.T, known, results map[string]bool, list string) {
	t.Helper()
	excluded, reason := map[string]string{}, ""
	lines := bufio.NewScanner(strings.NewReader(list))
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), "# "); ok {
			reason = text
		} else if lines.Text() != "" {
			if _, ok := excluded[lines.Text()]; ok || reason == "" {
				t.Errorf("listed twice, or without a reason: %s", lines.Text())
			}
			excluded[lines.Text()] = reason
		}
	}
	passed, all := 0, map[string]bool{}
	maps.Copy(all, known)
	maps.Copy(all, results)
	for name := range all {
		ok, ran := results[name]
		_, listed := excluded[name]
		switch {
		case ok && listed:
			t.Errorf("passes, and is listed as excluded: %s", name)
		case ok:
			passed++
		case !ran && !listed:
			t.Errorf("not run: %s", name)
		case !listed:
			t.Errorf("fails: %s", name)
		}
	}
	byReason := map[string]int{}
	for name, reason := range excluded {
		byReason[reason]++
		if _, ok := all[name]; !ok {
			t.Errorf("excluded, and there is no such test: %s", name)
		}
	}
	t.Logf("%d cases: %d pass, %d excluded with a reason", len(all), passed, len(excluded))
	for _, reason := range slices.Sorted(maps.Keys(byReason)) {
		t.Logf("%d excluded: %s", byReason[reason], reason)
	}
}
