package sign

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

var smallTree = trees.Tree{trees.Dir("d"), trees.Text("d/a", 5000), trees.Noise("big", 3<<20),
	trees.Symlink("l", "d/a"), trees.File("empty", "")}

// TestSignedByTPK proves a download with minisign and checksum programs, without tpk.
func TestSignedByTPK(t *testing.T) {
	m, dir := newMaker(t), tools.Dir(t)
	archive := pack(t, smallTree, dir, "x.tar.gz")
	m.sign(t, archive)
	pack(t, smallTree, dir, "s.tar.gz", "--shards", "3")
	m.sign(t, filepath.Join(dir, "s.tar.gz"))
	key := lines(read(t, m.public))[1]
	for _, sum := range []string{"x.tar.gz.sum", "s-of-00003.tar.gz.tps.sum"} {
		for _, args := range [][]string{
			{"minisign", "-Vm", sum, "-p", m.public}, {"minisign", "-VHm", sum, "-P", key},
			{"sha256sum", "-c", sum}, {"sha256sum", "--strict", "--warn", "-c", sum},
			{"shasum", "-a", "256", "--strict", "--warn", "-c", sum},
			{"sh", "-c", "minisign -Vqm " + sum + " -p " + m.public + " && sha256sum -c " + sum},
			{"sh", "-c", "grep -v '^#' " + sum + " | busybox sha256sum -c"},
		} {
			tools.Path(t, args[0])
			r := tools.Run(t, in(dir, exec.Command(args[0], args[1:]...)))
			if r.Code != 0 || strings.Contains(string(r.Err), "WARNING") {
				t.Error(r)
			}
		}
		out := tools.Must(t, in(dir, exec.Command("minisign", "-Vm", sum, "-p", m.public)))
		if want := "\tfile:" + sum + "\thashed\n"; !strings.Contains(string(out), want) {
			t.Errorf("%s has no %q", out, want)
		}
	}
	// A changed byte is found by the same line.
	b := read(t, archive)
	b[len(b)/2] ^= 1
	write(t, archive, b)
	cmd := exec.Command("sh", "-c",
		"minisign -Vqm x.tar.gz.sum -p "+m.public+" && sha256sum -c x.tar.gz.sum")
	if r := tools.Run(t, in(dir, cmd)); r.Code != 1 || !strings.Contains(string(r.Out), "FAILED") {
		t.Error(r)
	}
}

// TestSignedByMinisign has minisign sign the checksums again, in its two ways and with comments of
// all kinds.
func TestSignedByMinisign(t *testing.T) {
	m, dir := newMaker(t), tools.Dir(t)
	archive := pack(t, smallTree, dir, "x.tar.gz")
	m.sign(t, archive)
	for _, c := range []struct {
		comment   string
		legacy    bool
		notBefore string
		refused   string
	}{
		{comment: "timestamp:1700000000\tfile:x\thashed", notBefore: "@1700000000"},
		{comment: "timestamp:1700000000\tfile:x\thashed", notBefore: "@1700000001",
			refused: "an older version was signed: at 2023-11-14T22:13:20Z, and not since"},
		{comment: "timestamp:1700000000", legacy: true, notBefore: "2023-11-14"},
		{comment: "timestamp:1700000000", notBefore: "2023-11-16", refused: "an older version"},
		{comment: "a comment of ours"},
		{comment: "a comment of ours", notBefore: "2000-01-01", refused: "doesn't tell when"},
		{comment: "version 1.2 timestamp:1700000000", notBefore: "2000-01-01"},
		{comment: "timestamp:x", notBefore: "2000-01-01", refused: "doesn't tell when"},
	} {
		flags := []string{}
		if c.legacy {
			flags = append(flags, "-l")
		}
		m.resign(t, archive, c.comment, flags...)
		args := []string{"verify", "--public-key", m.public, archive}
		if c.notBefore != "" {
			args = append(args, "--not-before", c.notBefore)
		}
		r := fixture.Run(t, args...)
		if c.refused != "" {
			fixture.Failed(t, r, c.refused)
		} else if r.Code != 0 || !strings.Contains(string(r.Out), "all is as it was signed") {
			t.Errorf("%+v: %v", c, r)
		}
	}
}

// TestEncryptedKey signs with a key that minisign has encrypted. With -short it does not use a
// terminal.
func TestEncryptedKey(t *testing.T) {
	dir := tools.Dir(t)
	archive := pack(t, smallTree, dir, "x.tar.gz")
	secret, public := filepath.Join(dir, "key"), filepath.Join(dir, "key.pub")
	cmd := exec.Command(tools.Path(t, "minisign"), "-G", "-p", public, "-s", secret)
	cmd.Stdin = strings.NewReader("pass word\npass word\n")
	tools.Must(t, cmd)
	wrong := filepath.Join(dir, "wrong")
	write(t, wrong, []byte("password\n"))
	sign := []string{"sign", "-q", "--secret-key", secret, archive}

	cmd = exec.Command(tools.TPK(t), sign...)
	cmd.Stdin = strings.NewReader("pass word\r\nmore\n")
	tools.Must(t, cmd)
	tools.Must(t, exec.Command("minisign", "-Vm", archive+".sum", "-p", public))
	fixture.Failed(t, fixture.Run(t, append(sign, "--password-file", wrong)...),
		"the password is wrong, or the key is damaged")
	fixture.Failed(t, fixture.Run(t, sign...), "the key is encrypted, and there is no password")
	if testing.Short() { // each password takes 1 GiB of memory
		return
	}

	// On a terminal it is asked for.
	typed := exec.Command(tools.Path(t, "script"), "-qec",
		fmt.Sprintf("%s sign --secret-key %s %s", tools.TPK(t), secret, archive), "/dev/null")
	typed.Stdin = strings.NewReader("pass word\n")
	out := string(tools.Must(t, typed))
	if !strings.Contains(out, "Password of "+secret+": ") ||
		!strings.Contains(out, "tpk: signed ") {
		t.Errorf("%q", out)
	}
}
