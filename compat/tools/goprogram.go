package tools

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// GoProgram is Path for a program that compat/install.sh has put into .work/bin.
func GoProgram(t testing.TB, name string) string {
	t.Helper()
	if p, err := exec.LookPath(name); err == nil {
		return p
	}
	p, err := exec.LookPath(filepath.Join(Repo(t), ".work", "bin", name))
	if err != nil {
		Missing(t, name)
	}
	return p
}
