package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestChangeWhileReading takes the index out of an archive while a command that reads it waits for
// its output to be read. That the archive has changed is then all that it reports.
func TestChangeWhileReading(t *testing.T) {
	dir := t.TempDir()
	tree := filepath.Join(dir, "tree")
	if err := os.Mkdir(tree, 0o777); err != nil {
		t.Fatal(err)
	}
	for i := range 4000 { // more names than a pipe and the buffer before it hold
		name := fmt.Sprintf("%s%04d", strings.Repeat("n", 100), i)
		if err := os.WriteFile(filepath.Join(tree, name), bytes.Repeat([]byte("x"), 50), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("tpk", args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	archive := filepath.Join(dir, "a.tar.gz")
	run("pack", "-q", "--sha256", tree, archive)
	said := "tpk: " + archive + ": the archive has changed since it was opened: run the command again"
	for _, args := range [][]string{
		{"ls", archive}, {"ls", "-l", archive}, {"ls", "--json", archive, "*"},
		{"ls", "--sha256", archive},
		{"cat", archive, "*"},
		{"extract", "-v", "-C", filepath.Join(dir, "out"), archive},
	} {
		t.Run(args[0], func(t *testing.T) {
			run("index", "-q", "--embed", archive)
			cmd := exec.Command("tpk", args...)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(out, make([]byte, 1)); err != nil {
				t.Fatal(err, stderr.String())
			}
			run("index", "-q", "--no-embed", archive)
			if _, err := io.Copy(io.Discard, out); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // its exit code is below
			lines := strings.Split(strings.TrimSuffix(stderr.String(), "\n"), "\n")
			if code := cmd.ProcessState.ExitCode(); code != 1 || lines[len(lines)-1] != said {
				t.Errorf("exit code %d, standard error %q", code, stderr.String())
			}
		})
	}
}
