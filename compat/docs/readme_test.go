package docs

import (
	"archive/tar"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ulikunitz/xz"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// site is the tree that README.md packs.
var site = trees.Tree{
	trees.File("index.html", "<!doctype html><title>site</title>"),
	trees.File("copy.html", "<!doctype html><title>site</title>"),
	trees.Dir("css"), trees.File("css/site.css", "body {}"),
	trees.Dir("docs"), trees.File("docs/guide.html", "<p>guide"),
	trees.Dir("drafts"), trees.File("drafts/a.html", "<p>draft"), trees.File("drafts/a.map", "{}"),
}

// A command of README.md is run by a shell, in the directory that has the site.
type command struct {
	line   string
	before string // shell commands that prepare what the command reads
	code   int    // its exit code
}

// prepared has the commands that need more than the site, by their beginning.
var prepared = []command{
	{line: "tpk pack --exclude", before: "cd site"},
	{line: "tpk add", before: "cp site/index.html ."},
	{line: "tpk merge", before: "tpk pack site/css monday.tar.gz; tpk pack site/docs tuesday.tar.gz"},
	{line: "tpk diff", code: 1},
	{line: "tpk repair",
		before: "tpk pack site whole.tar.gz; head -c 800 whole.tar.gz > damaged.tar.gz", code: 1},
}

// TestReadmeCommands runs the commands of README.md's "Use" in the order in which they stand there.
func TestReadmeCommands(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(tools.Repo(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, use, ok := strings.Cut(string(readme), "\n## Use\n")
	if !ok {
		t.Fatal(`README.md has no section "Use"`)
	}
	dir := tools.Dir(t)
	if err := site.Write(filepath.Join(dir, "site")); err != nil {
		t.Fatal(err)
	}
	writeTarXZ(t, filepath.Join(dir, "linux.tar.xz"), filepath.Join(dir, "site"))
	block, _, _ := strings.Cut(use, "\n### ")
	ran := 0
	for _, m := range regexp.MustCompile(`(?m)^\$ (tpk .*?)(?:  +#.*)?$`).FindAllStringSubmatch(
		block, -1) {
		if strings.HasPrefix(m[1], "tpk serve") {
			continue // it runs until it is stopped; compat/serve tests it
		}
		c := command{line: m[1]}
		for _, p := range prepared {
			if strings.HasPrefix(c.line, p.line) {
				c.before, c.code = p.before, p.code
			}
		}
		run(t, dir, c)
		ran++
	}
	if ran < 15 {
		t.Errorf("found %d commands, expected at least 15: the pattern is wrong", ran)
	}
}

// writeTarXZ writes a tar of dir, compressed by xz.
func writeTarXZ(t *testing.T, name, dir string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	z, err := xz.NewWriter(f)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	if err := errors.Join(w.AddFS(os.DirFS(dir)), w.Close(), z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// run runs a command, with names that lead outside dir replaced by names in dir.
func run(t *testing.T, dir string, c command) {
	t.Helper()
	line := strings.NewReplacer("ssh backup 'cat > site.tar.gz'", "cat > stream.tar.gz", "/srv/www",
		"www").Replace(c.line)
	cmd := exec.Command("sh", "-c", "set -e; mkdir -p www; "+c.before+"\n"+line)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(tools.TPK(t))+":"+os.Getenv("PATH"))
	if r := tools.Run(t, cmd); r.Code != c.code {
		t.Errorf("README.md: %s: want exit code %d\n%v", c.line, c.code, r)
	}
}

// build compiles a program and returns its name. It is compiled inside the module, to find its
// packages.
func build(t *testing.T, dir, program string) (bin string) {
	t.Helper()
	repo := tools.Repo(t)
	source, err := os.MkdirTemp(repo, "_readme")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(source) })
	if err := os.WriteFile(filepath.Join(source, "main.go"), []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
	bin = filepath.Join(dir, "program")
	cmd := exec.Command("go", "build", "-o", bin, "./"+filepath.Base(source))
	cmd.Dir = repo
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("the program does not compile: %v\n%s", err, out)
	}
	return bin
}

// TestReadmeTargets checks that the make targets of README.md exist.
func TestReadmeTargets(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(tools.Repo(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile(filepath.Join(tools.Repo(t), "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	targets := regexp.MustCompile("(?m)(?:^|`)make ([a-z -]+[a-z])").FindAllStringSubmatch(
		string(readme), -1)
	if len(targets) == 0 {
		t.Error("found no make targets: the pattern is wrong")
	}
	for _, m := range targets {
		for _, target := range strings.Fields(m[1]) {
			if !strings.Contains(string(makefile), "\n"+target+":") {
				t.Errorf("README.md: the Makefile has no target %s", target)
			}
		}
	}
}

// TestReadmeProgram compiles the program of "Use from Go", runs it in a directory that has the
// site, and gets a page from it.
func TestReadmeProgram(t *testing.T) {
	repo := tools.Repo(t)
	readme, err := os.ReadFile(filepath.Join(repo, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## Use from Go\n")
	_, program, _ := strings.Cut(section, "```go\n")
	program, _, ok := strings.Cut(program, "```\n")
	if !ok {
		t.Fatal("README.md has no Go program")
	}
	// An address that is free, instead of the one in the README.
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := ln.Addr().String()
	ln.Close()
	if !strings.Contains(program, `"127.0.0.1:8080"`) {
		t.Fatal("the program does not listen on 127.0.0.1:8080")
	}
	program = strings.Replace(program, "127.0.0.1:8080", address, 1)
	dir := tools.Dir(t)
	if err := site.Write(filepath.Join(dir, "site")); err != nil {
		t.Fatal(err)
	}
	bin := build(t, dir, program)
	cmd := exec.Command(bin)
	cmd.Dir = dir
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	defer func() { _ = cmd.Process.Kill() }()
	for {
		resp, err := http.Get("http://" + address + "/docs/guide.html")
		if err == nil {
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil || resp.StatusCode != 200 || string(body) != "<p>guide" {
				t.Errorf("%s, %q, %v", resp.Status, body, err)
			}
			return
		}
		select {
		case err := <-ended:
			t.Fatalf("the program has ended: %v\n%s", err, log.String())
		case <-time.After(20 * time.Millisecond): // it does not listen yet
		}
	}
}
