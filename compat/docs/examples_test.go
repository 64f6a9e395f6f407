package docs

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
)

// examplesPage has each example of the help, and what it prints.
const examplesPage = "compat/docs/testdata/examples.md"

// TestExamples runs the examples of each command's help, in a session for each command.
func TestExamples(t *testing.T) {
	lines, blocks := readPage(t, examplesPage)
	bySection := map[string][]block{}
	var sections []string
	for _, b := range blocks {
		if bySection[b.section] == nil {
			sections = append(sections, b.section)
		}
		bySection[b.section] = append(bySection[b.section], b)
	}
	if *update {
		for _, section := range slices.Backward(sections) {
			lines = runBlocks(t, examplesPage, lines, bySection[section])
		}
		write(t, examplesPage, lines)
		return
	}
	for _, section := range sections {
		t.Run(section, func(t *testing.T) {
			t.Parallel()
			runBlocks(t, examplesPage, lines, bySection[section])
		})
	}
}

// TestExamplesAreHelp checks that the page has exactly the examples of the help.
func TestExamplesAreHelp(t *testing.T) {
	_, blocks := readPage(t, examplesPage)
	inPage := map[string][]string{}
	for _, b := range blocks {
		steps, err := b.steps()
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range steps {
			if !s.hidden {
				inPage[b.section] = append(inPage[b.section], normal(s.command))
			}
		}
	}
	for _, name := range commandNames(t) {
		want := helpExamples(t, name)
		if !slices.Equal(inPage[name], want) {
			t.Errorf("%s: below %q are\n%s\nthe help has\n%s", examplesPage, name,
				strings.Join(inPage[name], "\n"), strings.Join(want, "\n"))
		}
		delete(inPage, name)
	}
	for section := range inPage {
		t.Errorf("%s: %q is no command", examplesPage, section)
	}
}

// normal returns a command with single spaces, without the server's & and continuation.
func normal(command string) string {
	command = strings.TrimSuffix(command, " &")
	return strings.Join(strings.Fields(strings.ReplaceAll(command, "\\\n", " ")), " ")
}

var listed = regexp.MustCompile(`(?m)^   ([a-z]+)`)

// commandNames returns the names of the commands that "tpk help" lists.
func commandNames(t *testing.T) (names []string) {
	t.Helper()
	text := string(tools.Must(t, exec.Command(tools.TPK(t), "help")))
	_, text, _ = strings.Cut(text, "\nCOMMANDS:\n")
	text, _, _ = strings.Cut(text, "\n\n")
	for _, m := range listed.FindAllStringSubmatch(text, -1) {
		if m[1] != "help" {
			names = append(names, m[1])
		}
	}
	if len(names) < 25 {
		t.Fatalf("%q: the pattern is wrong", names)
	}
	return names
}

// helpExamples returns the examples of the help of a command.
func helpExamples(t *testing.T, name string) (all []string) {
	t.Helper()
	text := string(tools.Must(t, exec.Command(tools.TPK(t), "help", name)))
	_, text, ok := strings.Cut(text, "\n   Examples:\n")
	if !ok {
		t.Fatalf("the help of %s has no examples", name)
	}
	text, _, _ = strings.Cut(text, "\n\n")
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(strings.TrimPrefix(line, "      "), "\n")
		if strings.HasPrefix(line, " ") && len(all) > 0 { // the line above goes on
			all[len(all)-1] = normal(all[len(all)-1] + "\n" + line)
			continue
		}
		all = append(all, normal(line))
	}
	return all
}
