package docs

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/tarpack"
)

// readingPage says how each language and program reads an archive.
const readingPage = "docs/manual/reading.md"

// example returns the first code of a language below a heading of a page.
func example(t *testing.T, path, section, language string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(tools.Repo(t), path))
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "# "+section+"\n")
	text, _, _ = strings.Cut(text, "\n## ")
	_, code, _ := strings.Cut(text, "```"+language+"\n")
	code, _, ok := strings.Cut(code, "```\n")
	if !ok {
		t.Fatalf("%s has no code below %s", path, section)
	}
	return code
}

// packed packs the site as site.tar.gz in a directory.
func packed(t *testing.T) (dir string) {
	t.Helper()
	dir = tools.Dir(t)
	if err := site.Write(filepath.Join(dir, "site")); err != nil {
		t.Fatal(err)
	}
	shell(t, dir, "tpk pack -q site site.tar.gz")
	return dir
}

// TestReadFromGo runs the lines of "Go" in a program that prints the content.
func TestReadFromGo(t *testing.T) {
	dir := packed(t)
	cmd := exec.Command(build(t, dir, `package main

import (
	"context"
	"io/fs"
	"os"

	"github.com/tarpack/tpk/tarpack"
)

func main() {
	if err := read(context.Background()); err != nil {
		panic(err)
	}
}

func read(ctx context.Context) error {
`+example(t, readingPage, "Go", "go")+`
	os.Stdout.Write(content)
	return err
}
`))
	cmd.Dir = dir
	if got := string(tools.Must(t, cmd)); got != guide {
		t.Errorf("%q", got)
	}
}

// shell runs commands in a directory, with tpk in the path, and returns what they print.
func shell(t *testing.T, dir, commands string) string {
	t.Helper()
	cmd := exec.Command("sh", "-ec", commands)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(tools.TPK(t))+":"+os.Getenv("PATH"))
	return string(tools.Must(t, cmd))
}

// TestReadFromShell runs the commands of "The shell" with an archive here and on a server, and the
// place of the file in it. "tpk ls --json" prints that place.
func TestReadFromShell(t *testing.T) {
	dir := packed(t)
	a, err := tarpack.Open(t.Context(), filepath.Join(dir, "site.tar.gz"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	i, _, err := a.Index().Lookup("docs/guide.html")
	if err != nil {
		t.Fatal(err)
	}
	c, err := a.Content(i)
	if err != nil {
		t.Fatal(err)
	}
	files := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer files.Close()
	places := strings.NewReplacer("=1234", fmt.Sprint("=", c.Offset), "=567",
		fmt.Sprint("=", c.Length), "https://example.org", files.URL)
	commands := places.Replace(example(t, readingPage, "The shell", "sh"))
	if got := shell(t, dir, commands); got != strings.Repeat(guide, 3) {
		t.Errorf("%s\nprints %q", commands, got)
	}
	member := fmt.Sprintf(`"member":{"offset":%d,"length":%d,`, c.Offset, c.Length)
	got := shell(t, dir, "tpk ls --json site.tar.gz docs/guide.html")
	if !strings.Contains(got, member) {
		t.Errorf("no %s in %s", member, got)
	}
}
