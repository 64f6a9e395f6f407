package minimal

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// maxSize is the size in bytes that the program may have: see docs/decisions.
const maxSize = 24_000_000

// program builds the program as "make minimal" does.
func program(t *testing.T) string {
	t.Helper()
	out := filepath.Join(tools.Dir(t), "tpk")
	cmd := exec.Command("go", "build", "-trimpath", "-tags", "minimal,urfave_cli_no_docs",
		"-ldflags", "-s -w", "-o", out, "./cmd/tpk")
	cmd.Dir = tools.Repo(t)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	tools.Must(t, cmd)
	return out
}

func TestMinimal(t *testing.T) {
	tpk, dir := program(t), tools.Dir(t)
	if fi, err := os.Stat(tpk); err != nil || fi.Size() > maxSize {
		t.Errorf("%d bytes, %v", fi.Size(), err)
	}
	if err := (trees.Tree{
		trees.File("README.md", "# Title\n\nA [link](x).\n"),
		trees.File("main.go", "package main // <x>\n"),
		trees.File("a.ipynb", `{"cells": [{"cell_type": "markdown", "metadata": {}, `+
			`"source": ["**bold**"]}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}`),
	}).Write(filepath.Join(dir, "site")); err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join(dir, "site.tar.gz")
	tools.Must(t, exec.Command(tpk, "pack", "-q", filepath.Join(dir, "site"), archive))
	tools.Must(t, exec.Command(tpk, "verify", "-q", archive))

	var version struct{ Features, Missing []string }
	out := tools.Must(t, exec.Command(tpk, "version", "--json"))
	if err := json.Unmarshal(out, &version); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"highlighting", "s3", "text-search"} {
		if slices.Contains(version.Features, name) || !slices.Contains(version.Missing, name) {
			t.Errorf("%s: %s", name, out)
		}
	}
	t.Run("refused", func(t *testing.T) { checkRefused(t, tpk, archive) })
	t.Run("help", func(t *testing.T) { checkHelp(t, tpk) })
	t.Run("pages", func(t *testing.T) { checkPages(t, tpk, archive) })
}

// checkRefused runs commands that need what is missing.
func checkRefused(t *testing.T, tpk, archive string) {
	for _, test := range []struct {
		args string
		code int
		want string
	}{
		{"index --text A", 2, "tpk: index: --text: this build has no text search\n"},
		{"ls s3://bucket/a.tar.gz", 1, "tpk: s3://bucket/a.tar.gz: this build has no S3\n"},
		{"pack D s3://bucket/a.tar.gz", 1, "tpk: s3://bucket/a.tar.gz: this build has no S3\n"},
		{"pull s3://bucket/a.tar.gz A", 1, "tpk: s3://bucket/a.tar.gz: this build has no S3\n"},
		{"ls --s3-endpoint http://localhost A", 2, "tpk: ls: --s3-endpoint: this build has no S3\n"},
	} {
		args := strings.Fields(test.args)
		for i, a := range args {
			switch a {
			case "A":
				args[i] = archive
			case "D":
				args[i] = filepath.Join(filepath.Dir(archive), "site")
			}
		}
		r := tools.Run(t, exec.Command(tpk, args...))
		if r.Code != test.code || string(r.Err) != test.want {
			t.Errorf("%v, want %d and %q", r, test.code, test.want)
		}
	}
}

// checkHelp checks that help does not offer flags that are refused, and says why.
func checkHelp(t *testing.T, tpk string) {
	for command, want := range map[string]string{
		"index": "This build has no text search.",
		"pack":  "This build has no S3.",
		"serve": "This build has no S3, no text search.",
		"cat":   "This build has no S3.",
		"":      "This build has no Markdown and highlighting, no S3, no text search.",
		"diff":  "This build has no S3.",
		"split": "",
	} {
		text := string(tools.Must(t, exec.Command(tpk, strings.Fields("help "+command)...)))
		flat := strings.Join(strings.Fields(text), " ")
		if want == "" && strings.Contains(flat, "This build") || !strings.Contains(flat, want) {
			t.Errorf("tpk help %s: no %q", command, want)
		}
		if m := regexp.MustCompile(`(?m)^   --(text|s3-endpoint|part-size)`).FindString(
			text[strings.Index(text, "OPTIONS:\n"):]); m != "" {
			t.Errorf("tpk help %s: %s", command, m)
		}
	}
}

// checkPages fetches pages that have colours and rendered Markdown in other builds.
func checkPages(t *testing.T, tpk, archive string) {
	cmd := exec.Command(tpk, "serve", "--listen", "127.0.0.1:0", archive)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	url := ""
	for lines := bufio.NewScanner(stderr); url == "" && lines.Scan(); {
		url = regexp.MustCompile(`http://[0-9.:]+`).FindString(lines.Text())
	}
	for path, want := range map[string]string{
		"/README.md?list=view": `A [link](x).`,
		"/main.go?list=view":   `package main // &lt;x&gt;`,
		"/a.ipynb?list=view":   `<pre tabindex="0">**bold**</pre>`,
		"/?list=readme":        "# Title",
		"/?list&q=main":        "main.go",
		"/?list&q=x&in=text":   "this build has no text search",
	} {
		resp, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || !strings.Contains(string(body), want) {
			t.Errorf("%s: %s, %v: no %q in %.300s", path, resp.Status, err, want, body)
		}
	}
}
