package terminal

import (
	"fmt"
	"time"

	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/tarpack/format"
)

// Transferred is Update for a command that gets the bytes of one archive: how many of all are
// there, and in words where they are from.
func (m *Meter) Transferred(done, total int64, from string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now, m.goal = format.Progress{Bytes: done}, format.Progress{Bytes: total}
	if !m.due() {
		return
	}
	if m.bar == nil {
		fmt.Fprintf(m.w, "tpk: %s: %s: %s\n", m.verb,
			of(done, total, report.Bytes, report.Bytes), from)
		return
	}
	if total > 0 && !m.known {
		m.known = true
		m.bar = newBar(m.w, total)
	}
	m.bar.Describe(from)
	if done < total { // a full bar would finish itself
		m.bar.Set64(done) //nolint:errcheck // failing to draw must not stop the work
	}
}

// due reports whether it is time to show the progress again.
func (m *Meter) due() bool {
	every := lineEvery
	if m.bar != nil {
		every = barEvery
	}
	if !m.on || time.Since(m.shown) < every || m.shown.IsZero() && time.Since(m.start) < every {
		return false
	}
	m.shown = time.Now()
	return true
}
