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
	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack"
)

// example returns the code of a section of README.md's "Read it from …".
func example(t *testing.T, section, language string) string {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join(tools.Repo(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(readme), "\n## Read it from …\n")
	_, text, _ = strings.Cut(text, "\n### "+section+"\n")
	text, _, _ = strings.Cut(text, "\n### ")
	_, code, _ := strings.Cut(text, "```"+language+"\n")
	code, _, ok := strings.Cut(code, "```\n")
	if !ok {
		t.Fatalf("README.md has no code below %s", section)
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
	run(t, dir, command{line: "tpk pack -q site site.tar.gz"})
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
`+example(t, "Go", "go")+`
	os.Stdout.Write(content)
	return err
}
`))
	cmd.Dir = dir
	if got := string(tools.Must(t, cmd)); got != "<p>guide" {
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
	commands := places.Replace(example(t, "The shell", "sh"))
	if got := shell(t, dir, commands); got != strings.Repeat("<p>guide", 3) {
		t.Errorf("%s\nprints %q", commands, got)
	}
	member := fmt.Sprintf(`"member":{"offset":%d,"length":%d,`, c.Offset, c.Length)
	got := shell(t, dir, "tpk ls --json site.tar.gz docs/guide.html")
	if !strings.Contains(got, member) {
		t.Errorf("no %s in %s", member, got)
	}
}

// TestReadFromHTTP runs the commands of "HTTP" but the first, which would listen on port 8080.
func TestReadFromHTTP(t *testing.T) {
	dir := packed(t)
	s, err := serve.New(serve.Options{Listing: true,
		Archives: []serve.Archive{{Path: filepath.Join(dir, "site.tar.gz")}}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	pages := httptest.NewServer(s.Handler())
	defer pages.Close()
	first, commands, _ := strings.Cut(example(t, "HTTP", "sh"), "\n")
	if first != "tpk serve site.tar.gz &" {
		t.Errorf("the first command is %s", first)
	}
	want := []string{"<p>guide", "<p>guide", `{"path":"/docs"`, "<p>guide"}
	n := 0
	for line := range strings.Lines(commands) {
		line = strings.ReplaceAll(line, "http://127.0.0.1:8080", pages.URL)
		if got := shell(t, dir, line); n == len(want) || !strings.HasPrefix(got, want[n]) {
			t.Errorf("%s\nprints %q", line, got)
		}
		n++
	}
	if n != len(want) {
		t.Errorf("%d commands", n)
	}
}
