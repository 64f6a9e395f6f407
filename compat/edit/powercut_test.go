//go:build linux

package edit

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/sweep"
	"github.com/tarpack/tpk/compat/tools"
	"golang.org/x/sys/unix"
)

// A disk is a small xfs file system in a file, whose power can be cut. On xfs a rename without an
// fsync before it leaves an empty file; ext4 hides the mistake.
type disk struct {
	device, at string
}

// apart runs the test again in a process that has its own mounts, and reports whether this is that
// process. Another process that copies all mounts, as browsers do for their sandboxes, would
// otherwise keep the file system busy after a cut.
func apart(t *testing.T) bool {
	t.Helper()
	const inside = "POWERCUT_APART"
	if os.Getenv(inside) != "" {
		return true
	}
	tools.Root(t)
	tools.Path(t, "mkfs.xfs")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	pattern := "^" + t.Name() + "$"
	if _, jobs, ok := strings.Cut(flag.Lookup("test.run").Value.String(), "/"); ok {
		pattern += "/" + jobs
	}
	cmd := exec.Command(tools.Path(t, "unshare"), "--mount", "--propagation", "private", self,
		"-test.v", "-test.timeout=0", fmt.Sprintf("-test.short=%t", testing.Short()),
		"-test.run="+pattern)
	cmd.Env = append(os.Environ(), inside+"=1")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	for line := range strings.Lines(out.String()) {
		if err != nil || !strings.HasPrefix(strings.TrimSpace(line), "---") &&
			!strings.HasPrefix(line, "===") {
			t.Log(strings.TrimSpace(line))
		}
	}
	switch {
	case err != nil:
		t.Error(err)
	case strings.Contains(out.String(), "--- SKIP: "+t.Name()+" "):
		t.Skip("as said above")
	}
	return false
}

// newDisk makes a disk and mounts it. It needs root, loop devices and xfs.
func newDisk(t *testing.T) *disk {
	t.Helper()
	tools.Root(t)
	mkfs, losetup := tools.Path(t, "mkfs.xfs"), tools.Path(t, "losetup")
	image := filepath.Join(tools.Dir(t), "image")
	if err := os.WriteFile(image, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(image, 320<<20); err != nil { // sparse; mkfs.xfs needs 300 MiB
		t.Fatal(err)
	}
	tools.Must(t, exec.Command(mkfs, "-q", image))
	r := tools.Run(t, exec.Command(losetup, "--find", "--show", image))
	if r.Code != 0 {
		tools.Missing(t, "a loop device ("+string(bytes.TrimSpace(r.Err))+")")
	}
	d := &disk{device: string(bytes.TrimSpace(r.Out)), at: tools.Dir(t)}
	// The kernel detaches it when the last process closes it, even if the test is killed.
	f, err := os.Open(d.device)
	tools.Must(t, exec.Command(losetup, "--detach", d.device))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if err := unix.Mount(d.device, d.at, "xfs", 0, ""); err != nil {
		tools.Missing(t, "the right to mount xfs ("+err.Error()+")")
	}
	t.Cleanup(func() { d.unmount(t) })
	return d
}

func (d *disk) unmount(t *testing.T) {
	t.Helper()
	if err := unix.Unmount(d.at, 0); err != nil {
		t.Fatalf("unmounting %s: %v", d.at, err)
	}
}

// A powerCut is one of two ways to lose power. Contents that are only in memory are lost in both.
// Names and sizes are either lost as well, or have just reached the log of the file system.
type powerCut struct {
	name string
	flag int
}

var powerCuts = []powerCut{{"all is lost", unix.FS_SHUTDOWN_FLAGS_NOLOGFLUSH},
	{"names are not lost", unix.FS_SHUTDOWN_FLAGS_LOGFLUSH}}

// cut stops the file system the way a power cut does.
func (d *disk) cut(how powerCut) error {
	const goingDown = 0x8004587d // XFS_IOC_GOINGDOWN: _IOR('X', 125, __u32)
	f, err := os.Open(d.at)
	if err != nil {
		return err
	}
	return errors.Join(unix.IoctlSetPointerInt(int(f.Fd()), goingDown, how.flag), f.Close())
}

// restart mounts the file system again, which replays its log.
func (d *disk) restart(t *testing.T) {
	t.Helper()
	d.unmount(t)
	if err := unix.Mount(d.device, d.at, "xfs", 0, ""); err != nil {
		t.Fatal(err)
	}
}

// lay writes the files of a job durably to a directory of the disk and returns the directory.
func (d *disk) lay(t *testing.T, j *job) (dir string) {
	t.Helper()
	dir = filepath.Join(d.at, "dir")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	j.before.write(t, dir)
	f, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := unix.Syncfs(int(f.Fd())); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A cutting runs a job with power cuts of one kind and counts them.
type cutting struct {
	how    powerCut
	points int
	lost   int
	states map[string]int
}

// run cuts the power at each call that when selects, and once after the command has ended.
func (c *cutting) run(t *testing.T, d *disk, j *job, when func(call string) bool) {
	for point := 1; ; point++ {
		dir, n, at := d.lay(t, j), 0, "the end"
		var failed error
		r := trace(t, dir, func(call string) bool {
			if !when(call) {
				return false
			}
			if n++; n == point {
				at, failed = call, d.cut(c.how)
			}
			return n == point
		}, j.command(t, j.argv, dir)...)
		ended := n < point
		if ended {
			failed = d.cut(c.how)
		}
		if failed != nil {
			t.Fatal(failed)
		}
		if ended && !j.success(r) {
			t.Fatal(r)
		}
		d.restart(t)
		c.points++
		c.look(t, j, dir, point, at, ended)
		if ended {
			return
		}
		if point > 2000 {
			t.Fatal("no end")
		}
	}
}

// look checks the files after a power cut. The losses of a control are counted; they are no errors.
func (c *cutting) look(t *testing.T, j *job, dir string, point int, at string, ended bool) {
	if j.control {
		got := readFiles(t, dir)["a.tar.gz"]
		if isNew := got == j.after["a.tar.gz"]; ended && !isNew || !isNew && got != j.before["a.tar.gz"] {
			c.lost++
			c.states["lost"]++
		} else {
			c.states["old or new"]++
		}
		return
	}
	ok := t.Run("", func(t *testing.T) {
		state := j.state(t, j, dir)
		c.states[state]++
		// init need not make its removals durable
		if ended && state != "new" && (j.name != "init" || state == "old") {
			t.Errorf("it has ended well, and after a power cut the archive is %s", state)
		}
		j.followUp(t, state, dir)
	})
	if !ok {
		c.lost++
		t.Errorf("power cut %d, %s: %q", point, at, readNames(t, dir))
	}
}

// readNames returns the names of the files in a directory, for messages.
func readNames(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	for name := range readFiles(t, dir) {
		names = append(names, name)
	}
	return names
}

// TestFaultsPowerCut cuts the power before and after each call of a command that changes what is on
// disk, and after its end. The old archive or the new one must be there, after the end the new one.
// Two controls, which leave out fsync, must be caught. With -short it cuts update only, at calls
// that sync or rename.
func TestFaultsPowerCut(t *testing.T) {
	if !apart(t) {
		return
	}
	d := newDisk(t)
	full := !testing.Short()
	points, lost := 0, 0
	for i, j := range jobs(t) {
		if !j.control && (!full && j.name != "update" || !sweep.Takes(t, i)) {
			continue
		}
		t.Run(j.name, func(t *testing.T) {
			caught := 0
			for _, how := range powerCuts {
				c := &cutting{how: how, states: map[string]int{}}
				c.run(t, d, j, func(call string) bool {
					return full || j.control || strings.Contains(call, "sync") ||
						strings.Contains(call, "renameat")
				})
				t.Logf("%s, %s: %d points, %d losses: %v", j.name, how.name, c.points, c.lost, c.states)
				if j.control {
					caught += c.lost
					continue
				}
				points += c.points
				lost += c.lost
			}
			if j.control && caught == 0 {
				t.Error("it does not sync what it writes, and lost nothing")
			}
		})
	}
	t.Logf("%d points, %d losses", points, lost)
}
