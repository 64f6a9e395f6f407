package serve

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/tarpack/tpk/internal/count"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/record"
)

// accessLog writes a line for each request. A line reaches the writer within a second, or sooner if
// there are many. A request never waits for the writer: if it is too slow, lines are lost, and a
// notice gives their number.
type accessLog struct {
	w      io.Writer
	format func(dst []byte, a *record.Access) []byte
	notice func(message string)

	mu   sync.Mutex
	buf  []byte
	lost int // lines that were dropped

	many chan struct{}
	stop chan struct{}
	done chan struct{} // closed when all has been written
}

const (
	manyLines = 64 << 10 // bytes that are written at once
	mostLines = 8 << 20  // the most bytes that wait to be written
)

// newAccessLog starts a log in a format, "combined" or "json". close ends it.
func newAccessLog(w io.Writer, format string, notice func(message string)) (*accessLog, error) {
	l := &accessLog{
		w: w, notice: notice,
		many: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
	switch format {
	case "combined", "":
		l.format = combined
	case "json":
		l.format = jsonLine
	default:
		return nil, plan.BadOption("AccessFormat", "%q: it is combined or json", format)
	}
	go l.write()
	return l, nil
}

// log adds a line, or drops it if too many wait.
func (l *accessLog) log(a *record.Access) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.buf) >= mostLines {
		l.lost++
		return
	}
	if l.buf = l.format(l.buf, a); len(l.buf) >= manyLines {
		select {
		case l.many <- struct{}{}:
		default:
		}
	}
}

// write writes lines until stop is closed.
func (l *accessLog) write() {
	defer close(l.done)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var written []byte
	out := lineWriter{w: l.w, notice: l.notice}
	for ended := false; !ended; {
		select {
		case <-tick.C:
		case <-l.many:
		case <-l.stop:
			ended = true
		}
		l.mu.Lock()
		lines, lost := l.buf, l.lost
		l.buf, l.lost = written[:0], 0
		l.mu.Unlock()
		if len(lines) > 0 {
			out.write(lines)
		}
		if lost > 0 {
			l.notice(count.Of(lost, "line", "lines") +
				" of the access log lost: it was written too slowly")
		}
		if written = lines; cap(written) > 16*manyLines {
			written = nil
		}
	}
}

// lineWriter writes lines to a writer that may fail for a time. An error stops no request, so it
// says once that there is one, and once that it is over.
type lineWriter struct {
	w      io.Writer
	notice func(message string)
	failed bool // the last write
	within bool // a line was cut off
	lost   int  // lines
}

// write writes lines, after the end of one that was cut off.
func (o *lineWriter) write(lines []byte) {
	text := lines
	if o.within {
		text = append([]byte("\n"), lines...)
	}
	n, err := o.w.Write(text)
	if n > 0 {
		o.within = text[n-1] != '\n'
	}
	o.lost += bytes.Count(lines[max(0, n-len(text)+len(lines)):], []byte("\n"))
	switch {
	case err != nil && !o.failed:
		o.notice("the access log can't be written: " + err.Error())
	case err == nil && o.failed:
		o.notice("the access log is written again; " + count.Of(o.lost, "line", "lines") + " lost")
		o.lost = 0
	}
	o.failed = err != nil
}

// close writes the rest, for at most a second.
func (l *accessLog) close() {
	close(l.stop)
	select {
	case <-l.done:
	case <-time.After(time.Second):
	}
}

// combined appends a line in the log format of that name of Apache and nginx.
func combined(dst []byte, a *record.Access) []byte {
	dst = append(dst, host(a.Remote)...)
	dst = append(dst, " - "...)
	dst = append(word(dst, a.User), " ["...)
	dst = a.Time.AppendFormat(dst, "02/Jan/2006:15:04:05 -0700")
	dst = append(dst, `] "`...)
	if a.Method != "" {
		dst = escaped(dst, a.Method)
		dst = append(dst, ' ')
		dst = escaped(dst, a.Target)
		dst = append(dst, ' ')
		dst = append(dst, a.Proto...)
	}
	dst = append(dst, `" `...)
	dst = strconv.AppendInt(dst, int64(a.Status), 10)
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, a.Bytes, 10)
	for _, s := range [...]string{a.Referer, a.UserAgent} {
		if s == "" {
			s = "-"
		}
		dst = append(dst, ` "`...)
		dst = escaped(dst, s)
		dst = append(dst, '"')
	}
	return append(dst, '\n')
}

// word appends a name as one word: its spaces are escaped, too. It is "-" if there is none.
func word(dst []byte, name string) []byte {
	if name == "" {
		return append(dst, '-')
	}
	for i, part := range strings.Split(name, " ") {
		if i > 0 {
			dst = append(dst, `\x20`...)
		}
		dst = escaped(dst, part)
	}
	return dst
}

// host returns the address without its port, or "-" for a unix socket.
func host(remote string) string {
	for i := len(remote) - 1; i > 0; i-- {
		if remote[i] == ':' {
			h := remote[:i]
			if len(h) > 2 && h[0] == '[' {
				h = h[1 : len(h)-1]
			}
			return h
		}
	}
	return "-"
}

// escaped appends what a client sent, as it may stand in quotes, in the way of nginx.
func escaped(dst []byte, s string) []byte {
	const digits = "0123456789ABCDEF"
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			dst = append(dst, '\\', 'x', digits[c>>4], digits[c&15])
		} else {
			dst = append(dst, c)
		}
	}
	return dst
}

// jsonLine appends an object. Bytes of a request that are not UTF-8 become U+FFFD.
func jsonLine(dst []byte, a *record.Access) []byte {
	dst = append(dst, `{"time":"`...)
	dst = a.Time.AppendFormat(dst, time.RFC3339Nano)
	dst = append(dst, '"')
	for _, f := range [...]struct{ name, value string }{
		{"remote", a.Remote}, {"user", a.User}, {"host", a.Host}, {"method", a.Method}, {"target",
			a.Target}, {"proto", a.Proto},
		{"referer", a.Referer}, {"user_agent", a.UserAgent},
	} {
		dst = append(append(append(dst, `,"`...), f.name...), `":"`...)
		dst = jsonString(dst, f.value)
		dst = append(dst, '"')
	}
	dst = strconv.AppendInt(append(dst, `,"status":`...), int64(a.Status), 10)
	dst = strconv.AppendInt(append(dst, `,"bytes":`...), a.Bytes, 10)
	dst = strconv.AppendFloat(append(dst, `,"seconds":`...), a.Duration.Seconds(), 'f', 6, 64)
	return append(dst, "}\n"...)
}

// jsonString appends s as it may stand in quotes.
func jsonString(dst []byte, s string) []byte {
	const digits = "0123456789abcdef"
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r < ' ' || r == 0x7f:
			dst = append(dst, '\\', 'u', '0', '0', digits[r>>4], digits[r&15])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}
