package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/schollz/progressbar/v3"
	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/tarpack/tpk/tarpack"
)

var progressNames = []string{"auto", "always", "never"}

const (
	barEvery  = 100 * time.Millisecond
	lineEvery = 2 * time.Second
)

// progressFlag is the flag of every command that may take long.
func progressFlag() cli.Flag {
	return &cli.StringFlag{
		Name:   "progress",
		Value:  "auto",
		Usage:  "show progress on standard error: `WHEN` is auto (on a terminal), always (plain lines off a terminal) or never",
		Action: oneOf("progress", progressNames),
	}
}

// A meter shows how far a command is, and prints what else there is to say meanwhile. Its zero value with
// a writer shows no progress. It may be used by several goroutines.
type meter struct {
	w    io.Writer
	verb string // "packing"
	on   bool

	mu    sync.Mutex
	bar   *progressbar.ProgressBar // on a terminal
	known bool                     // the bar has an end
	start time.Time
	shown time.Time
	now   tarpack.Progress
	goal  tarpack.Progress // zero: not known yet
}

// newMeter returns a meter for a command: a bar where w is a terminal, lines where they are asked for.
func newMeter(c *cli.Context, verb string) *meter {
	m := &meter{w: c.App.ErrWriter, verb: verb, start: time.Now()}
	onTerminal := isTerminal(m.w)
	switch c.String("progress") {
	case "always":
		m.on = true
	case "auto", "": // "": a command that takes long only if there is no index
		m.on = onTerminal
	}
	if m.on && onTerminal {
		m.bar = newBar(m.w, -1)
	}
	return m
}

// newBar returns a bar for so many bytes; -1 when their number is not known.
func newBar(w io.Writer, bytes int64) *progressbar.ProgressBar {
	return progressbar.NewOptions64(bytes,
		progressbar.OptionSetWriter(w),
		progressbar.OptionShowBytes(true),
		progressbar.OptionShowCount(),
		progressbar.OptionSetWidth(20),                // less on a narrow terminal
		progressbar.OptionSetSpinnerChangeInterval(0), // or it draws on its own, into what we print
		progressbar.OptionClearOnFinish(),
	)
}

// isTerminal says whether w writes to one.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// expect says how much there is to do, as soon as that is known.
func (m *meter) expect(goal tarpack.Progress) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.goal = goal
}

// update says how much is done.
func (m *meter) update(now tarpack.Progress) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = now
	every := lineEvery
	if m.bar != nil {
		every = barEvery
	}
	if !m.on || time.Since(m.shown) < every || m.shown.IsZero() && time.Since(m.start) < every {
		return
	}
	m.shown = time.Now()
	if m.bar == nil {
		fmt.Fprintln(m.w, m.line())
		return
	}
	if m.goal.Bytes > 0 && !m.known {
		m.known = true
		m.bar = newBar(m.w, m.goal.Bytes)
	}
	m.bar.Describe(fmt.Sprintf("%s %s files, %s/s", m.verb, humanize.Comma(m.now.Entries), humanize.Comma(m.rate(m.now.Entries))))
	if !m.known || m.now.Bytes < m.goal.Bytes { // a bar that is full ends itself
		m.bar.Set64(m.now.Bytes) //nolint:errcheck // a bar that can't be drawn must not stop the work
	}
}

// line is the progress in words.
func (m *meter) line() string {
	s := fmt.Sprintf("tpk: %s: %s files, %s, %s files/s, %s/s", m.verb,
		of(m.now.Entries, m.goal.Entries, humanize.Comma), of(m.now.Bytes, m.goal.Bytes, bytesOf),
		humanize.Comma(m.rate(m.now.Entries)), bytesOf(m.rate(m.now.Bytes)))
	if rate := m.rate(m.now.Bytes); rate > 0 && m.goal.Bytes > m.now.Bytes {
		s += fmt.Sprintf(", %ds left", (m.goal.Bytes-m.now.Bytes)/rate)
	}
	return s
}

// rate returns n a second, since the start.
func (m *meter) rate(n int64) int64 {
	elapsed := time.Since(m.start).Seconds()
	if elapsed <= 0 {
		return 0
	}
	return int64(float64(n) / elapsed)
}

func of(n, goal int64, format func(int64) string) string {
	if goal < n {
		return format(n) // not known, or the tree has grown since
	}
	return format(n) + " of " + format(goal)
}

func bytesOf(n int64) string { return humanize.Bytes(uint64(max(n, 0))) }

// say prints a line that is not progress, and is printed however much of that is shown.
func (m *meter) say(line string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clear()
	fmt.Fprintln(m.w, line)
}

// notice prints a library's notice, with its hint.
func (m *meter) notice(notice error) { m.say(errorLine(notice)) }

// stop takes the bar away.
func (m *meter) stop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clear()
}

func (m *meter) clear() {
	if m.bar != nil {
		m.bar.Clear() //nolint:errcheck // as above
	}
}

// sum prints the last line, about all that was done, where progress is shown.
func (m *meter) sum(format string, args ...any) {
	m.stop()
	if m.on {
		fmt.Fprintf(m.w, "tpk: %s in %s\n", fmt.Sprintf(format, args...), time.Since(m.start).Round(10*time.Millisecond))
	}
}

// countTree says how much there is to pack, while it is being packed: the time that is left needs it.
func (m *meter) countTree(ctx context.Context, dir string, exclude *tarpack.Excluder) {
	var goal tarpack.Progress
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == dir {
			return err
		}
		if rel, err := filepath.Rel(dir, name); err == nil && exclude.Match(filepath.ToSlash(rel), d.IsDir()) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		goal.Entries++
		if d.Type().IsRegular() {
			info, err := d.Info()
			if err != nil {
				return err
			}
			goal.Bytes += info.Size()
		}
		return ctx.Err()
	})
	if err == nil {
		m.expect(goal)
	}
}
