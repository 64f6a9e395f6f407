// Package measure runs programs in turn, and keeps the figures of every run in the Go benchmark
// format, which benchstat reads.
//
// A figure belongs to a name like
//
//	Pack/tree=rust-doc/tool=tar-pigz
//
// (family, case, tool), and has a unit:
//
//	sec/op      wall time                    B            size of what was made
//	cpu-sec/op  user and system time         peak-B       memory, of the largest process
//	req/s       requests a second            p50-sec, …   latency at the median, …
//
// Measuring and showing are separate: the families call Record, and package report reads the file.
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
	Self   string // this program, some of whose commands are helpers
	Work   string // a directory on a real file system, removed at the end
	Trees  string // a directory for trees that are kept
	Rounds int    // how often each contestant runs
	Log    io.Writer

	// The sizes of generated data.
	Files      int           // of the tree of small files
	Entries    int           // of the largest index
	RangeBytes int64         // of the file that ranges are read from
	LargeBytes int64         // of the large file that is packed
	Duration   time.Duration // of the requests to a server, each time
	Huge       bool          // also an index of 10^8 entries
	Quick      bool          // small trees, to check that everything works

	// Only, if set, matches the names of the cases to measure.
	Only *regexp.Regexp

	Results *Results

	interrupted atomic.Bool
}

// Logf reports progress.
func (b *Bench) Logf(format string, args ...any) {
	fmt.Fprintf(b.Log, format+"\n", args...)
}

// Wanted reports whether a case is to be measured.
func (b *Bench) Wanted(name string) bool { return b.Only == nil || b.Only.MatchString(name) }

// Path returns the name of a file in the work directory.
func (b *Bench) Path(name ...string) string {
	return filepath.Join(append([]string{b.Work}, name...)...)
}

// Dir makes a new directory in the work directory.
func (b *Bench) Dir(name string) (string, error) {
	return os.MkdirTemp(b.Work, name+"-")
}

// Helper returns the command line of a helper of this program.
func (b *Bench) Helper(args ...string) []string {
	return append([]string{b.Self, "helper"},
		args...)
}

// Have reports whether a program is available, and logs it if not.
func (b *Bench) Have(program string) bool {
	_, err := exec.LookPath(program)
	if err != nil {
		b.Logf("  without %s: it is not installed (compat/install.sh bench)", program)
	}
	return err == nil
}

// Room reports whether the file system of the work directory has a number of bytes free, and logs
// it if not.
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

// Aside moves a directory away, so that it can be made again, and returns nil if it does not exist.
// Sweep removes it between families: for half a minute ext4 does not reuse the inode of a removed
// file, and skipping 30,000 of them takes longer than anything that is timed here.
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

// Discard moves a directory to where it is removed at the end.
func (b *Bench) Discard(dir string) {
	if err := b.Aside(dir); err != nil {
		b.Logf("  %v", err)
	}
}

// Sweep removes what a family has left in the work directory, except the archives that later ones
// need.
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
