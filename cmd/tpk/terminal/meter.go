package terminal

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/tarpack/format"
)

// Intervals between two updates: of a bar, and of lines where there is no terminal.
const (
	barEvery  = 100 * time.Millisecond
	lineEvery = 2 * time.Second
)

// A Meter shows the progress of a command on standard error, and prints its messages without
// breaking the bar. Several goroutines may use it.
type Meter struct {
	w    io.Writer
	verb string // "packing"
	on   bool   // progress is shown

	quiet bool // notices are not printed

	mu    sync.Mutex
	bar   *progressbar.ProgressBar // on a terminal
	known bool                     // the bar has an end
	start time.Time
	shown time.Time
	now   format.Progress
	goal  format.Progress // zero if not known yet
}

// NewMeter returns the meter of a command. It draws a bar if standard error is a terminal, and
// prints lines elsewhere if --progress=always is set.
func NewMeter(c *cli.Context, verb string) *Meter {
	m := &Meter{w: c.App.ErrWriter, verb: verb, start: time.Now(), quiet: IsQuiet(c)}
	onTerminal := IsTerminal(m.w)
	switch c.String("progress") {
	case "always":
		m.on = true
	case "auto", "": // commands that take long only without an index have no such flag
		m.on = onTerminal
	}
	m.on = m.on && !m.quiet
	if m.on && onTerminal {
		m.bar = newBar(m.w, -1)
	}
	return m
}

// IsQuiet reports whether --quiet is set, before or after the command.
func IsQuiet(c *cli.Context) bool {
	return slices.ContainsFunc(c.Lineage(), func(c *cli.Context) bool {
		return c.App != nil && c.Bool("quiet")
	})
}

// newBar returns a bar for a number of bytes, or -1 if it is not known.
func newBar(w io.Writer, bytes int64) *progressbar.ProgressBar {
	return progressbar.NewOptions64(bytes,
		progressbar.OptionSetWriter(w),
		progressbar.OptionShowBytes(true),
		progressbar.OptionShowCount(),
		progressbar.OptionSetWidth(20),                // less on a narrow terminal
		progressbar.OptionSetSpinnerChangeInterval(0), // or a goroutine would draw into messages
		progressbar.OptionClearOnFinish(),
	)
}

// On reports whether progress is shown.
func (m *Meter) On() bool { return m.on }

// Expect sets the total amount of work, once it is known.
func (m *Meter) Expect(goal format.Progress) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.goal = goal
}

// Update sets the amount of work done so far.
func (m *Meter) Update(now format.Progress) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = now
	if !m.due() {
		return
	}
	if m.bar == nil {
		fmt.Fprintln(m.w, m.line())
		return
	}
	if m.goal.Bytes > 0 && !m.known {
		m.known = true
		m.bar = newBar(m.w, m.goal.Bytes)
	}
	m.bar.Describe(fmt.Sprintf("%s %s, %s/s",
		m.verb, report.Entries(m.now.Entries), report.Count(m.rate(m.now.Entries))))
	if !m.known || m.now.Bytes < m.goal.Bytes { // a full bar would finish itself
		m.bar.Set64(m.now.Bytes) //nolint:errcheck // failing to draw must not stop the work
	}
}

// line returns the progress as a line of text.
func (m *Meter) line() string {
	s := fmt.Sprintf("tpk: %s: %s, %s, %s/s, %s/s", m.verb,
		of(m.now.Entries, m.goal.Entries, report.Count, report.Entries),
		of(m.now.Bytes, m.goal.Bytes, report.Bytes, report.Bytes),
		report.Entries(m.rate(m.now.Entries)), report.Bytes(m.rate(m.now.Bytes)))
	if rate := m.rate(m.now.Bytes); rate > 0 && m.goal.Bytes > m.now.Bytes {
		s += fmt.Sprintf(", %ds left", (m.goal.Bytes-m.now.Bytes)/rate)
	}
	return s
}

// rate returns n divided by the seconds since the start.
func (m *Meter) rate(n int64) int64 {
	elapsed := time.Since(m.start).Seconds()
	if elapsed <= 0 {
		return 0
	}
	return int64(float64(n) / elapsed)
}

// of returns "N of GOAL", or "N" if the goal is not known or the tree has grown since. The last
// number has its unit.
func of(n, goal int64, number, withUnit func(int64) string) string {
	if goal < n {
		return withUnit(n)
	}
	return number(n) + " of " + withUnit(goal)
}

// Print prints a line, whether or not progress is shown.
func (m *Meter) Print(line string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clear()
	fmt.Fprintln(m.w, line)
}

// Notice prints a library's notice, with a hint if there is one. With --quiet it prints only those
// that are errors.
func (m *Meter) Notice(notice error) {
	if !m.quiet || errors.Is(notice, format.ErrUnread) {
		m.Print(report.Line(notice))
	}
}

// Remark prints a line unless --quiet is set.
func (m *Meter) Remark(line string) {
	if !m.quiet {
		m.Print(line)
	}
}

// Stop removes the bar.
func (m *Meter) Stop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clear()
}

func (m *Meter) clear() {
	if m.bar != nil {
		m.bar.Clear() //nolint:errcheck // failing to draw must not stop the work
	}
}

// Summarize removes the bar and, if progress is shown, prints what was done and how long it took.
func (m *Meter) Summarize(format string, args ...any) {
	m.Stop()
	if m.on {
		elapsed := time.Since(m.start).Round(10 * time.Millisecond)
		fmt.Fprintf(m.w, "tpk: %s in %s\n", fmt.Sprintf(format, args...), elapsed)
	}
}
