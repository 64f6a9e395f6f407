package docs

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
)

// promisedNames has what docs/stability.md promises to keep by name, one to a line: commands, their
// flags and exit codes, fields of JSON, and metrics.
const promisedNames = "compat/docs/testdata/promised.txt"

// jsonSources are the files with the fields of JSON that programs of others read.
var jsonSources = []string{"cmd/tpk/*.go", "cmd/tpk/reading/*.go", "serve/*.go",
	"serve/internal/archives/*.go", "serve/internal/compare/*.go", "serve/internal/getpage/*.go",
	"serve/internal/listing/*.go", "serve/internal/live/live.go"}

var (
	shownFlag  = regexp.MustCompile(`(?m)^   (--?\w[a-z0-9-]*)(?:, (--?\w[a-z0-9-]*))?`)
	jsonField  = regexp.MustCompile("json:\"([a-z][a-z0-9_.]*)")
	metricName = regexp.MustCompile(`m\.(?:begin|single|archives)\("([a-z_]+)"`)
)

// TestPromised checks that nothing is gone that a release has promised to keep. What is new must
// be added to the list, which -update does. It never removes a line.
func TestPromised(t *testing.T) {
	name := filepath.Join(tools.Repo(t), promisedNames)
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	promised := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	have := slices.Concat(commandLineNames(t), namesIn(t, "json", jsonSources, jsonField),
		namesIn(t, "metric", []string{"serve/*.go"}, metricName))
	slices.Sort(have)
	have = slices.Compact(have)
	for _, line := range promised {
		if !slices.Contains(have, line) {
			t.Errorf("%s is gone, but docs/stability.md promises to keep it", line)
		}
	}
	if *update {
		all := slices.Compact(slices.Sorted(slices.Values(slices.Concat(promised, have))))
		write(t, promisedNames, append(all, ""))
		return
	}
	for _, line := range have {
		if !slices.Contains(promised, line) {
			t.Errorf("%s is new: from its release on it must stay; -update adds it to %s", line,
				promisedNames)
		}
	}
}

// commandLineNames returns the commands, with the flags and exit codes of each.
func commandLineNames(t *testing.T) (all []string) {
	t.Helper()
	for _, command := range commandNames(t) {
		all = append(all, "command "+command)
		text := string(tools.Must(t, exec.Command(tools.TPK(t), "help", command)))
		about, flags, _ := strings.Cut(text, "\nOPTIONS:\n")
		for _, m := range shownFlag.FindAllStringSubmatch(flags, -1) {
			for _, flag := range m[1:] {
				if flag != "" {
					all = append(all, "flag "+command+" "+flag)
				}
			}
		}
		for _, m := range helpCode.FindAllStringSubmatch(about, -1) {
			all = append(all, "exit "+command+" "+m[1])
		}
	}
	return all
}

// namesIn returns what a pattern finds in source files that are no tests, with their folder.
func namesIn(t *testing.T, kind string, sources []string, p *regexp.Regexp) (all []string) {
	t.Helper()
	for _, source := range sources {
		files, err := filepath.Glob(filepath.Join(tools.Repo(t), source))
		if err != nil || files == nil {
			t.Fatalf("%s: %v", source, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range p.FindAllStringSubmatch(string(b), -1) {
				all = append(all, kind+" "+path.Dir(source)+" "+m[1])
			}
		}
	}
	return all
}
