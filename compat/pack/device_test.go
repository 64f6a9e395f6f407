//go:build linux

package pack

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// loopDevice makes a block device of size bytes that holds no archive. The test is skipped if the
// machine has no loop devices. If it has, but gives none to root, COMPAT=require makes that a
// failure.
func loopDevice(t *testing.T, size int64) string {
	t.Helper()
	tools.Root(t)
	losetup := tools.Path(t, "losetup")
	if _, err := os.Stat("/dev/loop-control"); err != nil {
		t.Skip("no loop devices: this machine, a container maybe, has no /dev/loop-control")
	}
	image := filepath.Join(tools.Dir(t), "image")
	if err := os.WriteFile(image, bytes.Repeat([]byte("rubbish\n"), int(size/8)), 0o600); err != nil {
		t.Fatal(err)
	}
	r := tools.Run(t, exec.Command(losetup, "--find", "--show", image))
	if r.Code != 0 {
		tools.Missing(t, "a loop device ("+strings.TrimSpace(string(r.Err))+")")
	}
	device := strings.TrimSpace(string(r.Out))
	t.Cleanup(func() { tools.Must(t, exec.Command(losetup, "--detach", device)) })
	return device
}

// TestDevice packs onto a block device, and reads that with every command that reads.
func TestDevice(t *testing.T) {
	device := loopDevice(t, 32<<20)
	dir := filepath.Join(tools.Dir(t), "tree")
	snap := fixture.WriteTree(t, trees.Names(), dir)
	file := filepath.Join(tools.Dir(t), "a.tar.gz")
	fixture.Pack(t, dir, file)
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if r := fixture.Run(t, "ls", device); r.Code != 1 ||
		!strings.Contains(string(r.Err), "not a tpk archive") {
		t.Error(r)
	}
	fixture.Pack(t, dir, device)
	compare := func(args ...string) {
		t.Helper()
		onFile, onDevice := fixture.Run(t, append(args, file)...), fixture.Run(t, append(args, device)...)
		if onDevice.Code != 0 || len(onDevice.Err) > 0 ||
			!bytes.Equal(onFile.Out, bytes.ReplaceAll(onDevice.Out, []byte(device), []byte(file))) {
			t.Errorf("%v\n%v", onFile, onDevice)
		}
	}
	compare("ls", "--json")
	compare("verify")
	compare("info", "--json")
	extracted := filepath.Join(tools.Dir(t), "out")
	if r := fixture.Run(t, "extract", "-C", extracted, device); r.Code != 0 {
		t.Error(r)
	}
	fixture.Diff(t, snap, extracted, trees.Rules{})
	export := filepath.Join(tools.Dir(t), "export.tar.gz")
	if r := fixture.Run(t, "export", device, export); r.Code != 0 {
		t.Error(r)
	}
	if got, err := os.ReadFile(export); err != nil || !bytes.Equal(got, want) {
		t.Error("exported, it is not the archive", err)
	}
	served(t, device, want)

	// An archive that another program copied there is not read until tpk index has written where it
	// ends.
	if err := os.WriteFile(device, make([]byte, 32<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(device, want, 0o600); err != nil {
		t.Fatal(err)
	}
	fixture.Failed(t, fixture.Run(t, "ls", device), "has no record", "'tpk index' writes it")
	if r := fixture.Run(t, "index", device); r.Code != 0 {
		t.Error(r)
	}
	compare("ls")
	compare("verify")

	// Refused: editing, a tree that is too big, a device that is mounted.
	for _, c := range []struct {
		says string
		args []string
	}{
		{"it is not a regular file", []string{"update", device, dir}},
		{"it is not a regular file", []string{"rm", device, "*"}},
	} {
		if r := fixture.Run(t, c.args...); r.Code != 1 || !strings.Contains(string(r.Err), c.says) {
			t.Error(r)
		}
	}
	compare("ls")
	tools.Must(t, exec.Command("dd", "if=/dev/urandom", "of="+filepath.Join(dir, "big"), "bs=1M",
		"count=40"))
	if r := fixture.Run(t, "pack", dir, device); r.Code != 1 ||
		!strings.Contains(string(r.Err), "the device is too small") {
		t.Error(r)
	}
	if r := fixture.Run(t, "ls", device); r.Code != 1 ||
		!strings.Contains(string(r.Err), "not a tpk archive") {
		t.Error(r)
	}
	tools.Must(t, exec.Command(tools.Path(t, "mkfs.ext4"), "-q", device))
	mnt := tools.Dir(t)
	if r := tools.Run(t, exec.Command("mount", device, mnt)); r.Code != 0 {
		tools.Missing(t, "the right to mount")
	}
	r := fixture.Run(t, "pack", dir, device)
	tools.Must(t, exec.Command("umount", mnt))
	if r.Code != 1 || !strings.Contains(string(r.Err), "busy") {
		t.Error(r)
	}
}

// served serves an archive with nothing hidden, downloads it and compares the bytes.
func served(t *testing.T, archive string, want []byte) {
	t.Helper()
	cmd := exec.Command(tools.TPK(t), "serve", "--listen", "127.0.0.1:0", "--hide", "",
		archive)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}()
	line, err := bufio.NewReader(stderr).ReadString('\n')
	_, url, ok := strings.Cut(strings.TrimSpace(line), "serving on ")
	if !ok {
		t.Fatalf("it says %q, %v", line, err)
	}
	resp, err := http.Get(url + "?list&download=tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status, err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("served, it has %d bytes, not the %d of the archive", len(got), len(want))
	}
}
