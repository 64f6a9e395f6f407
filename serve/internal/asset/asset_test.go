package asset

import (
	"embed"
	"strings"
	"testing"
)

//go:embed shared
var scripts embed.FS

// TestComments: scripts are sent without lines of comments, and with all others.
func TestComments(t *testing.T) {
	list, err := scripts.ReadDir("shared")
	if err != nil || len(list) == 0 {
		t.Fatal(list, err)
	}
	for _, f := range list {
		name := f.Name()
		b, err := scripts.ReadFile("shared/" + name)
		if err != nil {
			t.Fatal(err)
		}
		var want strings.Builder
		for line := range strings.Lines(string(b)) {
			if !strings.HasPrefix(strings.TrimLeft(line, " \t"), "//") ||
				!strings.HasSuffix(name, ".js") {
				want.WriteString(line)
			}
		}
		if got := load(&scripts, "shared", []string{name})[name].content; got != want.String() {
			t.Errorf("%s: %q", name, got)
		}
	}
}
