package docs

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
)

var update = flag.Bool("update", false, "write what commands print into the pages")

// notRunBlocks is how many blocks of commands are not run, in all pages. If you add one,
// change this number, and give a reason in the page.
const notRunBlocks = 2

// guides returns the pages whose commands are run. Others record what was measured or decided, or
// are recipes with tests of their own.
func guides(t *testing.T) []string {
	t.Helper()
	root := tools.Repo(t)
	all := []string{"README.md", "CONTRIBUTING.md", "SECURITY.md"}
	docs := filepath.Join(root, "docs")
	err := filepath.WalkDir(docs, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		rel = filepath.ToSlash(rel)
		if rel == "docs/decisions" || rel == "docs/benchmarks" || rel == "docs/screenshots" {
			return filepath.SkipDir
		}
		if filepath.Ext(name) == ".md" {
			all = append(all, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestCommands runs the commands of each page and compares what they print.
func TestCommands(t *testing.T) {
	for _, path := range guides(t) {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			lines, blocks := readPage(t, path)
			lines = runBlocks(t, path, lines, blocks)
			if *update {
				write(t, path, lines)
			}
		})
	}
}

// runBlocks runs the blocks of the language console in one session. It returns the lines of the
// page with what the commands have printed.
func runBlocks(t *testing.T, path string, lines []string, blocks []block) []string {
	t.Helper()
	var all []step
	for _, b := range blocks {
		if b.language != "console" || b.notRun != "" || b.runBy != "" {
			b.text = nil // its setup may be for the next block, too
		}
		if b.needs != "" {
			setup, ok := needed(t, b.needs)
			if !ok {
				t.Logf("%s:%d is not run: it needs %s", path, b.line, b.needs)
				continue
			}
			b.setup = append([]string{setup}, b.setup...)
		}
		steps, err := b.steps()
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all = append(all, steps...)
	}
	if len(all) == 0 {
		return lines
	}
	s := newSession(t)
	for i, c := range all {
		s.add(t, i, c)
	}
	s.run(t)
	for i, c := range slices.Backward(all) { // from the end, so that line numbers stay
		lines = compare(t, path, lines, s, i, c)
	}
	return lines
}

// compare compares the result of a step. It returns the lines of the page with that result.
func compare(t *testing.T, path string, lines []string, s *session, i int, c step) []string {
	t.Helper()
	out, stderr, code := s.result(t, i)
	pattern, wantCode := c.want()
	server := strings.HasSuffix(c.command, "&")
	if code == wantCode && (c.hidden || server || pattern.MatchString(out)) {
		return lines
	}
	if c.hidden || server || !*update {
		t.Errorf("%s:%d: %s\nexits with %s and prints\n%s%s\nwanted are exit code %s and\n%s", path,
			c.line, c.command, code, out, stderr, wantCode, strings.Join(c.output, "\n"))
		return lines
	}
	t.Logf("%s:%d: %s: %s", path, c.line, c.command, stderr)
	shown := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if out == "" {
		shown = nil
	}
	if code != "0" {
		shown = append(shown, "[exit "+code+"]")
	}
	return slices.Replace(lines, c.end-1-len(c.output), c.end-1, shown...)
}

// write writes the lines of a page.
func write(t *testing.T, path string, lines []string) {
	t.Helper()
	name := filepath.Join(tools.Repo(t), path)
	if err := os.WriteFile(name, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
}

// commandLine is a line of a block that a shell would run.
var commandLine = regexp.MustCompile(`^([$#] +)?(tpk|tar|curl|make|go|systemctl|minisign) `)

// TestBlocks checks that no command of a page escapes the tests: those in other blocks than console
// are named with the test that runs them, and those that no test can run are counted.
func TestBlocks(t *testing.T) {
	notRun := 0
	for _, path := range append(guides(t), examplesPage) {
		_, blocks := readPage(t, path)
		for _, b := range blocks {
			if b.notRun != "" {
				notRun++
				t.Logf("%s:%d is not run: %s", path, b.line, b.notRun)
				continue
			}
			if b.runBy != "" {
				checkTest(t, path, b)
				continue
			}
			switch b.language {
			case "sh", "python", "go", "js":
			case "":
				if !slices.ContainsFunc(b.text, commandLine.MatchString) {
					continue
				}
			default: // console is run; all others are no commands
				continue
			}
			t.Errorf(`%s:%d: commands and programs stand in a block console, or after a comment with `+
				`"run by: TEST in FOLDER", "run by: make TARGET" or "not run: REASON"`, path, b.line)
		}
	}
	if notRun != notRunBlocks {
		t.Errorf("%d blocks are not run, notRunBlocks is %d", notRun, notRunBlocks)
	}
}

// checkTest checks that the test that a page names is there: "TestX in compat/y", or "make test-x".
func checkTest(t *testing.T, path string, b block) {
	t.Helper()
	if target, ok := strings.CutPrefix(b.runBy, "make "); ok {
		makefile, err := os.ReadFile(filepath.Join(tools.Repo(t), "Makefile"))
		if err != nil || !strings.Contains(string(makefile), "\n"+target+":") {
			t.Errorf("%s:%d: the Makefile has no target %s (%v)", path, b.line, target, err)
		}
		return
	}
	name, dir, _ := strings.Cut(b.runBy, " in ")
	files, err := filepath.Glob(filepath.Join(tools.Repo(t), dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nfunc "+name+"(") {
			return
		}
	}
	t.Errorf("%s:%d: there is no %s in %s", path, b.line, name, dir)
}
