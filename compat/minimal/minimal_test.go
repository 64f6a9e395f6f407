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
const maxSize = 15_000_000

// program builds the program as "make minimal" does.
func program(t *testing.T) string {
	t.Helper()
	out := filepath.Join(tools.Dir(t), "tpk")
	cmd := exec.Command("go", "build", "-trimpath", "-tags", "minimal",
		"-ldflags", "-s -w -funcalign=16", "-o", out, "./cmd/tpk")
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
	if err := os.WriteFile(filepath.Join(dir, "x.tar.zst"), []byte("\x28\xb5\x2f\xfd\x04\x00"+
		"\x01\x00\x00\x99\xe9\xd8\x51"), 0o644); err != nil {
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
	for _, name := range []string{"encodings", "formats", "highlighting", "live", "pages", "s3",
		"text-search", "bundle", "deploy", "mount", "patch", "plan", "pull", "variants", "web"} {
		if slices.Contains(version.Features, name) || !slices.Contains(version.Missing, name) {
			t.Errorf("%s: %s", name, out)
		}
	}
	t.Run("refused", func(t *testing.T) { checkRefused(t, tpk, archive) })
	t.Run("environment", func(t *testing.T) { checkEnvironment(t, tpk, archive) })
	t.Run("variants", func(t *testing.T) { checkVariants(t, tpk) })
	t.Run("without variants", func(t *testing.T) { checkWithoutVariants(t, tpk) })
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
		{"pull s3://bucket/a.tar.gz A", 2, "tpk: pull: this build has no such command\n"},
		{"ls --s3-endpoint http://localhost A", 2, "tpk: ls: --s3-endpoint: this build has no S3\n"},
		{"mount A D", 2, "tpk: mount: this build has no such command\n"},
		{"variants --br A", 2, "tpk: variants: this build has no such command\n"},
		{"pack --br D O", 2,
			"tpk: pack: --br: this build has no brotli, lz4, lzma, xz and Zstandard\n"},
		{"convert --zip-encoding gbk A O", 2, "tpk: convert: --zip-encoding: " +
			"this build has no encodings but UTF-8, UTF-16 and Windows-1252\n"},
		{"serve --live D", 2, "tpk: serve: --live: this build has no live directories\n"},
		{"convert Z O", 1, "tpk: Z: this build has no Zstandard\n"},
		{"pack --siblings D O", 2,
			"tpk: pack: --siblings: this build has no brotli, lz4, lzma, xz and Zstandard\n"},
	} {
		dir := filepath.Dir(archive)
		args := strings.Fields(test.args)
		names := map[string]string{"A": archive, "D": filepath.Join(dir, "site"),
			"O": filepath.Join(dir, "out.tar.gz"), "Z": filepath.Join(dir, "x.tar.zst")}
		for i, a := range args {
			if name := names[a]; name != "" {
				args[i] = name
			}
		}
		r := tools.Run(t, exec.Command(tpk, args...))
		if want := strings.Replace(test.want, "Z", names["Z"], 1); r.Code != test.code ||
			string(r.Err) != want && string(r.Err) != test.want {
			t.Errorf("%v, want %d and %q", r, test.code, test.want)
		}
	}
}

// checkEnvironment sets variables in place of flags that are refused. Other commands than serve
// heed none.
func checkEnvironment(t *testing.T, tpk, archive string) {
	for set, want := range map[string]string{
		"TPK_S3_ENDPOINT=http://localhost": "tpk: serve: TPK_S3_ENDPOINT: this build has no S3\n",
		"TPK_LIVE=site":                    "tpk: serve: TPK_LIVE: this build has no live directories\n",
	} {
		cmd := exec.Command(tpk, "serve", "--check", archive)
		cmd.Env = append(os.Environ(), set)
		if r := tools.Run(t, cmd); r.Code != 2 || string(r.Err) != want {
			t.Errorf("%s: %v", set, r)
		}
		cmd = exec.Command(tpk, "ls", archive)
		cmd.Env = append(os.Environ(), set)
		tools.Must(t, cmd)
	}
	cmd := exec.Command(tpk, "serve", "--check", archive)
	cmd.Env = append(os.Environ(), "TPK_S3_ENDPOINT=", "TPK_LIVE=")
	tools.Must(t, cmd)
}

// checkHelp checks that help does not offer flags that are refused, and says why.
func checkHelp(t *testing.T, tpk string) {
	for command, want := range map[string]string{
		"index": "This build has no text search.",
		"pack":  "This build has no brotli, lz4, lzma, xz and Zstandard, no S3.",
		"serve": "no brotli, lz4, lzma, xz and Zstandard, no live directories, no pages beside plain " +
			"lists, no S3, no text search.",
		"cat": "This build has no S3.",
		"": "no Markdown and highlighting, no live directories, no pages beside plain lists, " +
			"no S3, no text search. " +
			"It has none of the commands bundle, deploy, mount, patch, plan, pull, umount, variants, web.",
		"diff":  "This build has no S3.",
		"split": "",
	} {
		text := string(tools.Must(t, exec.Command(tpk, strings.Fields("help "+command)...)))
		flat := strings.Join(strings.Fields(text), " ")
		if want == "" && strings.Contains(flat, "This build") || !strings.Contains(flat, want) {
			t.Errorf("tpk help %s: no %q", command, want)
		}
		refused := regexp.MustCompile(
			`(?m)^   --(text|s3-endpoint|part-size|br|zstd|zip-encoding|live)`)
		if m := refused.FindString(
			text[strings.Index(text, "OPTIONS:\n"):]); m != "" {
			t.Errorf("tpk help %s: %s", command, m)
		}
	}
}

// checkPages fetches lists, and asks for pages that other builds have.
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
		"/":                           `<a href="./main.go"><bdi>main.go</bdi></a>`,
		"/main.go":                    "package main // <x>\n",
		"/?list&q=main":               `<a href="./main.go"><bdi>main.go</bdi></a>`,
		"/?list&format=json":          `"name":"README.md"`,
		"/main.go?list=view":          "400 Bad Request: this build has no such page\n",
		"/?list=overview":             "this build has no such page",
		"/?list=overview&format=json": "this build has no such page",
		"/?list=readme":               "this build has no such page",
		"/?list=get":                  "this build has no such page",
		"/?list=compare":              "this build has no such page",
		"/?list&asset=x":              "404",
		"/nothing":                    "404",
		"/?list&q=x&in=text":          "this build has no text search",
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
