package sign

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// TestExportOverwritten changes a signed archive after export has compared it, while it copies
// whole members. That must not end well. A rename of another file to the name changes nothing.
func TestExportOverwritten(t *testing.T) {
	m := newMaker(t)
	tree := trees.Tree{trees.Noise("noise", 8<<20)}
	forge := func(file string) error { // the last bytes of the content
		was, err := os.Stat(file)
		if err != nil {
			return err
		}
		f, err := os.OpenFile(file, os.O_WRONLY, 0)
		if err == nil {
			_, err = f.WriteAt([]byte("forged"), was.Size()-5000)
		}
		return errors.Join(err, f.Close(), os.Chtimes(file, time.Time{}, was.ModTime()))
	}
	for _, c := range []struct {
		name  string
		flags []string
		do    func(file string) error
		right bool
	}{
		{"nothing", nil, func(string) error { return nil }, true},
		{"written", nil, forge, false},
		{"written, a set", []string{"--shards", "1"}, forge, false},
		{"written, and the time is not set back", nil, func(file string) error {
			return errors.Join(forge(file), os.Chtimes(file, time.Time{}, time.Unix(1e9, 0)))
		}, false},
		{"written and removed", nil, func(file string) error {
			return errors.Join(forge(file), os.Remove(file))
		}, false},
		{"replaced", nil, func(file string) error {
			return errors.Join(os.WriteFile(file+"~", nil, 0o600), os.Rename(file+"~", file))
		}, true},
		{"chmod", nil, func(file string) error { return os.Chmod(file, 0o600) }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := tools.Dir(t)
			pack(t, tree, dir, "x.tar.gz", c.flags...)
			name := filepath.Join(dir, "x.tar.gz")
			m.sign(t, name)
			file := name
			if c.flags != nil {
				file = filepath.Join(dir, "x-00000-of-00001.tar.gz")
			}
			cmd := exec.Command(tools.TPK(t), "export", "-q", "--public-key", m.public,
				"--format", "tar.gz", name, "-")
			var errs bytes.Buffer
			cmd.Stderr = &errs
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			kill := time.AfterFunc(tools.Timeout, func() { _ = cmd.Process.Kill() })
			defer kill.Stop()
			// The rest does not fit into the pipe. So it was compared, and was not read yet.
			if _, err := io.ReadFull(out, make([]byte, 1)); err != nil {
				t.Fatal(err, errs.String())
			}
			if err := c.do(file); err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, out); err != nil {
				t.Fatal(err)
			}
			err = cmd.Wait()
			if c.right != (err == nil) {
				t.Errorf("%v, %s", err, errs.String())
			}
			if !c.right && !bytes.Contains(errs.Bytes(), []byte(filepath.Base(file)+": ")) {
				t.Errorf("it isn't named: %s", errs.String())
			}
			t.Log(errs.String())
		})
	}
}
