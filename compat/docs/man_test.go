package docs

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
)

// TestManual writes the manual pages. mandoc and groff find no fault, and each page has all that
// help says about its command: its commands, flags, exit codes and examples. The pages of tpk that
// a page names are there, below SEE ALSO and in the text.
func TestManual(t *testing.T) {
	mandoc, groff := tools.Path(t, "mandoc"), tools.Path(t, "groff")
	dir := filepath.Join(tools.Dir(t), "man")
	tools.Must(t, exec.Command(tools.TPK(t), "__man", dir))
	pages, err := filepath.Glob(filepath.Join(dir, "tpk*.1"))
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	for _, m := range regexp.MustCompile(`(?m)^   ([a-z]+)  `).FindAllStringSubmatch(
		string(tools.Must(t, exec.Command(tools.TPK(t), "help"))), -1) {
		if m[1] != "help" {
			commands++
		}
	}
	if len(pages) != commands+1 || commands < 20 {
		t.Errorf("%d pages of %d commands", len(pages), commands)
	}
	tools.Must(t, exec.Command(mandoc, append([]string{"-Tlint", "-Wstyle"}, pages...)...))
	named := 0
	for _, page := range pages {
		if r := tools.Run(t, exec.Command(groff, "-ww", "-man", "-Tutf8", "-z", page)); r.Code != 0 ||
			len(r.Err) > 0 {
			t.Errorf("groff: %s: %v", filepath.Base(page), r)
		}
		name := strings.TrimSuffix(filepath.Base(page), ".1")
		shown := overstrike.ReplaceAllString(string(tools.Must(t,
			exec.Command(mandoc, "-Tutf8", "-Owidth=1000", page))), "")
		for _, m := range otherPage.FindAllStringSubmatch(shown, -1) {
			named++
			if !slices.Contains(pages, filepath.Join(dir, m[1]+".1")) {
				t.Errorf("%s: there is no page %s", name, m[0])
			}
		}
		checkManual(t, name, shown,
			string(tools.Must(t, exec.Command(tools.TPK(t), append([]string{"help"},
				strings.Split(name, "-")[1:]...)...))))
	}
	if named < 3*len(pages) {
		t.Errorf("%d references to pages: the pattern is wrong", named)
	}
}

var (
	otherPage  = regexp.MustCompile(`\b(tpk(?:-[a-z]+)?)\(1\)`)
	overstrike = regexp.MustCompile(`.\x08`)
	margin     = regexp.MustCompile(`(?m)^ +`)
	helpFlag   = regexp.MustCompile(`(?m)^   (-[^ ]*(?:, -[^ ]+)?(?: \S+)?)(?:$| {2,})`)
	helpCode   = regexp.MustCompile(`(?m)^      (\d\S*) +(\S+)`)
)

// checkManual compares a page with the help of its command.
func checkManual(t *testing.T, name, shown, help string) {
	t.Helper()
	shown = margin.ReplaceAllString(strings.ReplaceAll(shown, "\u00a0", " "), "")
	text, flags, ok := strings.Cut(help, "OPTIONS:\n")
	if !ok {
		t.Errorf("%s: no options in its help", name)
	}
	var wanted []string
	for _, m := range helpFlag.FindAllStringSubmatch(flags, -1) {
		flag := m[1]
		if long, rest, two := strings.Cut(flag, ", "); two {
			short, value, _ := strings.Cut(rest, " ")
			flag = strings.TrimSpace(short + ", " + long + " " + value)
		}
		wanted = append(wanted, "\n"+flag)
	}
	for _, m := range helpCode.FindAllStringSubmatch(text, -1) {
		wanted = append(wanted, "\n"+m[1]+" ")
	}
	_, examples, _ := strings.Cut(text, "   Examples:\n")
	examples, _, _ = strings.Cut(examples, "\n\n")
	for line := range strings.Lines(examples) {
		wanted = append(wanted, "\n"+strings.TrimSpace(line)+"\n")
	}
	for _, w := range wanted {
		if !strings.Contains(shown, w) {
			t.Errorf("%s: no %q in its page", name, w)
		}
	}
}
