package docs

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
)

// TestBundleForWindows runs the command of docs/guide/bundle.md that makes a bundle for Windows. As
// it builds tpk for Windows first, only make test-bundle runs it.
func TestBundleForWindows(t *testing.T) {
	if os.Getenv("TEST_BUNDLE") == "" {
		t.Skip("make test-bundle runs it")
	}
	dir, root, tpk := tools.Dir(t), tools.Repo(t), tools.TPK(t)
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "tpk.exe"), "./cmd/tpk")
	build.Dir, build.Env = root, append(os.Environ(), "GOOS=windows", "CGO_ENABLED=0")
	tools.Must(t, build)
	site := filepath.Join(dir, "site")
	if err := os.Mkdir(site, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(site, "index.html"), []byte("<p>hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	tools.Must(t, exec.Command(tpk, "pack", "-q", site, filepath.Join(dir, "manual.tar.gz")))
	page, err := os.ReadFile(filepath.Join(root, "docs", "guide", "bundle.md"))
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^\$ tpk (bundle --binary .*)$`).FindSubmatch(page)
	if line == nil {
		t.Fatal("the page has no such command")
	}
	cmd := exec.Command(tpk, strings.Fields(string(line[1]))...)
	cmd.Dir = dir
	tools.Must(t, cmd)
	exe := filepath.Join(dir, "manual.exe")
	b, err := os.ReadFile(exe)
	if err != nil || !bytes.HasPrefix(b, []byte("MZ")) {
		t.Fatalf("%.2q, %v", b, err)
	}
	out := tools.Must(t, exec.Command(tpk, "verify", exe))
	if !strings.Contains(string(out), "manual.exe: all is as it was bundled: 1 entry") {
		t.Errorf("%s", out)
	}
}
