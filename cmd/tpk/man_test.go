package main

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tarpack/tpk/cmd/tpk/man"
)

// TestManualEnvironment checks that tpk(1) has every variable that a package reads by name.
func TestManualEnvironment(t *testing.T) {
	page := man.Pages(newApp(io.Discard, io.Discard), man.Options{})[0].Text
	getenv := regexp.MustCompile(`os\.(?:Getenv|LookupEnv)\("(\w+)"\)`)
	found := 0
	for _, dir := range []string{".", "../../tarpack", "../../serve", "../../sidecar"} {
		err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
				return err
			}
			source, err := os.ReadFile(name)
			for _, m := range getenv.FindAllSubmatch(source, -1) {
				found++
				if !strings.Contains(page, `\fB`+string(m[1])+`\fR`) {
					t.Errorf("%s reads %s, which tpk(1) doesn't name", name, m[1])
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 10 {
		t.Errorf("%d variables", found)
	}
}
