package main

import (
	"encoding/json"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/modfile"
	mod "golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// modulePath and installed are what the test installs.
var (
	modulePath = "github.com/tarpack/tpk"
	installed  = mod.Version{Path: modulePath, Version: "v1.0.0"}
)

// TestInstallable checks what "go install" refuses in the module that it installs.
func TestInstallable(t *testing.T) {
	b, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	f, err := modfile.Parse("go.mod", b, nil)
	if err != nil {
		t.Fatal(err)
	}
	if f.Module.Mod.Path != modulePath || len(f.Replace) > 0 || len(f.Exclude) > 0 {
		t.Errorf("%s, %d replace, %d exclude", f.Module.Mod.Path, len(f.Replace), len(f.Exclude))
	}
	if err := mod.Check(modulePath, installed.Version); err != nil {
		t.Error(err)
	}
	if _, err := zip.CheckFiles(moduleFiles(t)); err != nil {
		t.Error(err)
	}
}

// A moduleFile is a file of the checkout, as package zip wants it.
type moduleFile string

func (f moduleFile) Path() string { return string(f) }
func (f moduleFile) Lstat() (os.FileInfo, error) {
	return os.Lstat(filepath.Join("..", string(f)))
}

func (f moduleFile) Open() (io.ReadCloser, error) { return os.Open(filepath.Join("..", string(f))) }

// moduleFiles returns the files that git knows and that exist.
func moduleFiles(t *testing.T) []zip.File {
	t.Helper()
	out, err := exec.Command("git", "-C", "..", "ls-files", "-z").Output()
	if err != nil {
		t.Skip("no git checkout: ", err)
	}
	var all []zip.File
	for _, name := range strings.Split(strings.TrimRight(string(out), "\x00"), "\x00") {
		if _, err := os.Lstat(filepath.Join("..", name)); err == nil {
			all = append(all, moduleFile(name))
		}
	}
	return all
}

// TestInstall installs the checkout as version v1.0.0 of the module, from a proxy in a directory.
// It compiles everything, so it runs only with TEST_INSTALL set: "make test-install".
func TestInstall(t *testing.T) {
	if os.Getenv("TEST_INSTALL") == "" {
		t.Skip("make test-install runs it")
	}
	dir := t.TempDir()
	versions := filepath.Join(dir, "proxy", modulePath, "@v")
	if err := os.MkdirAll(versions, 0o777); err != nil {
		t.Fatal(err)
	}
	write := func(suffix string, content []byte) {
		if err := os.WriteFile(filepath.Join(versions, suffix), content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	gomod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	info, err := json.Marshal(map[string]any{"Version": installed.Version, "Time": time.Unix(1e9, 0)})
	if err != nil {
		t.Fatal(err)
	}
	write("v1.0.0.mod", gomod)
	write("v1.0.0.info", info)
	write("list", []byte("v1.0.0\n"))
	f, err := os.Create(filepath.Join(versions, "v1.0.0.zip"))
	if err != nil {
		t.Fatal(err)
	}
	if err := zip.Create(f, installed, moduleFiles(t)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	proxies := fileURL(filepath.Join(dir, "proxy")) + "," +
		fileURL(filepath.Join(strings.TrimSpace(string(cache)), "cache", "download"))
	install := exec.Command("go", "install", "-trimpath", modulePath+"/cmd/tpk@v1.0.0")
	install.Dir = dir
	install.Env = append(os.Environ(), "GOPROXY="+proxies, "GONOSUMDB=*", "GOFLAGS=-modcacherw",
		"GONOSUMCHECK=1", "GOSUMDB=off", "GOBIN="+dir, "GOMODCACHE="+filepath.Join(dir, "mod"),
		"CGO_ENABLED=0", "GOWORK=off")
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := exec.Command(filepath.Join(dir, "tpk"), "version").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "tpk version 1.0.0 (") {
		t.Errorf("%v: %s", err, out)
	}
	t.Logf("%s", out)
}

func fileURL(path string) string { return (&url.URL{Scheme: "file", Path: path}).String() }
