// Package measure runs programs that are compared with each other, in turn, and keeps the figures
// of every run in the Go benchmark format, which benchstat reads.
//
// A figure belongs to a name like
//
//	Pack/tree=rust-doc/tool=tar-pigz
//
// (a family, then what the case is, then who did it), and has a unit:
//
//	sec/op      wall time                    B            size of what was made
//	cpu-sec/op  user and system time         peak-B       memory, of the largest process
//	req/s       requests a second            p50-sec, …   latency at the median, …
//
// What is measured, and how it is shown, are two things: the families call Record, package report
// reads the file.
package measure

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// A Bench is one run of the benchmarks.
type Bench struct {
	Root   string // of the repository
	Tpk    string // the program
	Self   string // this program, which has helpers that run as processes of their own
	Work   string // a directory for what is written, on a real file system; all of it is removed in the end
	Trees  string // a directory for trees that are made or fetched once
	Rounds int    // how often each contestant runs
	Log    io.Writer

	// Sizes of what is generated.
	Files      int           // of the tree of small files
	Entries    int           // of the largest index
	RangeBytes int64         // of the file that ranges are read out of
	LargeBytes int64         // of the large file that is packed
	Duration   time.Duration // how long each server is asked each time
	Huge       bool          // an index of 10^8 entries, too
	Quick      bool          // small trees, to see that it works

	// Only, if set, matches the names of the cases that are measured.
	Only *regexp.Regexp

	Results *Results

	interrupted atomic.Bool
}

// Logf tells how far the benchmarks are.
func (b *Bench) Logf(format string, args ...any) {
	fmt.Fprintf(b.Log, format+"\n", args...)
}

// Wanted tells whether a case is to be measured.
func (b *Bench) Wanted(name string) bool { return b.Only == nil || b.Only.MatchString(name) }

// Path names a file in the work directory.
func (b *Bench) Path(name ...string) string {
	return filepath.Join(append([]string{b.Work}, name...)...)
}

// Dir makes a new directory in the work directory.
func (b *Bench) Dir(name string) (string, error) {
	return os.MkdirTemp(b.Work, name+"-")
}

// Helper gives the command line that runs a helper of this program.
func (b *Bench) Helper(args ...string) []string { return append([]string{b.Self, "helper"}, args...) }

// Have tells whether a program is there, and logs it if it is not.
func (b *Bench) Have(program string) bool {
	_, err := exec.LookPath(program)
	if err != nil {
		b.Logf("  without %s: it is not installed (compat/install.sh bench)", program)
	}
	return err == nil
}

// Room tells whether the work directory's file system has that many bytes free, and logs it if not.
func (b *Bench) Room(bytes int64, what string) bool {
	var st unix.Statfs_t
	if err := unix.Statfs(b.Work, &st); err != nil {
		return true
	}
	free := int64(st.Bavail) * st.Bsize
	if free < bytes {
		b.Logf("  without %s: it takes %d GB and %d GB are free", what, bytes>>30, free>>30)
	}
	return free >= bytes
}

// Aside moves a directory away, so that it can be made anew, and returns nil if there is none.
// Nothing is removed while something is timed (Sweep does it between families): for half a minute
// ext4 does not use the inode of a removed file again, and passing over 30,000 of them takes longer
// than anything that is timed here.
func (b *Bench) Aside(dir string) error {
	if _, err := os.Lstat(dir); err != nil {
		return nil
	}
	to, err := os.MkdirTemp(b.Work, "aside-")
	if err != nil {
		return err
	}
	return os.Rename(dir, filepath.Join(to, "x"))
}

// Discard moves a directory to where it is removed in the end.
func (b *Bench) Discard(dir string) {
	if err := b.Aside(dir); err != nil {
		b.Logf("  %v", err)
	}
}

// Sweep removes what a family has left in the work directory, but for the archives that the next
// ones need.
func (b *Bench) Sweep() error {
	left, err := os.ReadDir(b.Work)
	if err != nil {
		return err
	}
	for _, d := range left {
		if strings.HasPrefix(d.Name(), "archive-") {
			continue
		}
		if err := os.RemoveAll(b.Path(d.Name())); err != nil {
			return err
		}
	}
	return nil
}

// Run runs a command that is not measured.
func Run(command ...string) error {
	if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%q: %w\n%s", command, err, out)
	}
	return nil
}
