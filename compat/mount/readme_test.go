//go:build unix

package mount

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
)

// TestReadme runs the commands of docs/manual/reading.md's "A mounted directory" with a directory
// of the test.
func TestReadme(t *testing.T) {
	canMount(t)
	tools.Path(t, "rsync")
	readme := readFile(t, filepath.Join(tools.Repo(t), "docs/manual/reading.md"))
	_, section, _ := strings.Cut(readme, "\n## A mounted directory\n")
	_, commands, _ := strings.Cut(section, "```sh\n")
	commands, _, ok := strings.Cut(commands, "```\n")
	if !ok {
		t.Fatal("the page has no commands")
	}
	base := tools.Dir(t)
	write(t, filepath.Join(base, "site/docs/guide.html"), "<p>guide\n")
	fixture.Pack(t, filepath.Join(base, "site"), filepath.Join(base, "site.tar.gz"))
	m := mounted{dir: filepath.Join(base, "mnt")}
	if err := os.Mkdir(m.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-ec", strings.ReplaceAll(commands, "/mnt/site", m.dir))
	cmd.Dir = base
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(tools.TPK(t))+":"+os.Getenv("PATH"))
	page := m.path("docs/guide.html") + "\n"
	if got := string(tools.Must(t, cmd)); got != "<p>guide\n"+page+page {
		t.Errorf("%s\nprints %q", commands, got)
	}
	if got := readFile(t, filepath.Join(base, "copy/guide.html")); got != "<p>guide\n" {
		t.Errorf("the copy has %q", got)
	}
	if m.isMounted(t) {
		t.Error("it is still mounted")
	}
}
