package docs

import (
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

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// guide is a page of the site.
const guide = "<!doctype html><title>Guide</title><p>The guide, with many words to read.\n"

// site is the tree that the pages pack.
var site = trees.Tree{
	trees.File("404.html", "<!doctype html><title>Not found</title><p>There is no such page.\n"),
	trees.File("index.html", "<!doctype html><title>Site</title><p>Welcome.\n"),
	trees.File("copy.html", "<!doctype html><title>Site</title><p>Welcome.\n"),
	trees.Dir("css"), trees.File("css/site.css", "body { color: teal }\n"),
	trees.Dir("docs"), trees.File("docs/guide.html", guide),
	trees.File("docs/manual.html", "<!doctype html><title>Manual</title>\n"+
		strings.Repeat("<p>This line is one of many in the manual.\n", 60)),
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

// TestTargets checks that the make targets of README.md and CONTRIBUTING.md exist.
func TestTargets(t *testing.T) {
	var pages []byte
	for _, name := range []string{"README.md", "CONTRIBUTING.md"} {
		page, err := os.ReadFile(filepath.Join(tools.Repo(t), name))
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, page...)
	}
	makefile, err := os.ReadFile(filepath.Join(tools.Repo(t), "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	targets := regexp.MustCompile("(?m)(?:^|`)make ([a-z -]+[a-z])").FindAllStringSubmatch(
		string(pages), -1)
	if len(targets) == 0 {
		t.Error("found no make targets: the pattern is wrong")
	}
	for _, m := range targets {
		for _, target := range strings.Fields(m[1]) {
			if !strings.Contains(string(makefile), "\n"+target+":") {
				t.Errorf("the Makefile has no target %s", target)
			}
		}
	}
}

// TestGoProgram compiles the program of docs/manual/go.md, runs it in a directory that has the
// site, and gets a page from it.
func TestGoProgram(t *testing.T) {
	program := example(t, "docs/manual/go.md", "Use from Go", "go")
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
			if err != nil || resp.StatusCode != 200 || string(body) != guide {
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
