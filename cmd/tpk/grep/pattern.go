package grep

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"regexp/syntax"
)

// Options are what is looked for, and what is printed.
type Options struct {
	Fixed      bool // the pattern is a text, not a regular expression
	IgnoreCase bool
	Names      bool // print only the names of files with a match
	Count      bool // print only how many lines match, for each file
	Number     bool // print the numbers of lines
}

// A Pattern finds lines. It is safe for concurrent use.
type Pattern struct {
	options Options
	lines   *regexp.Regexp // matches in text of several lines
	line    *regexp.Regexp // matches in one line without its end
	byLine  bool           // lines would not match where line does
}

// New returns a Pattern. A pattern is a regular expression of RE2.
func New(pattern string, o Options) (*Pattern, error) {
	if o.Fixed {
		pattern = regexp.QuoteMeta(pattern)
	}
	mode := ""
	if o.IgnoreCase {
		mode = "(?i)"
	}
	p := &Pattern{options: o}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, err
	}
	p.byLine = hasOp(parsed, syntax.OpBeginText) || hasOp(parsed, syntax.OpEndText)
	if p.line, err = regexp.Compile(mode + "(?:" + pattern + ")"); err != nil {
		return nil, err
	}
	p.lines, err = regexp.Compile("(?m)" + mode + "(?:" + pattern + ")")
	return p, err
}

func hasOp(r *syntax.Regexp, op syntax.Op) bool {
	if r.Op == op {
		return true
	}
	for _, sub := range r.Sub {
		if hasOp(sub, op) {
			return true
		}
	}
	return false
}

const (
	chunkSize = 256 << 10 // bytes that are searched at a time
	// maxLine is the longest line that is searched as a whole. A longer one is searched in pieces.
	maxLine = 16 << 20
)

// ErrBinary is returned by File for a file that is not text and matches, in place of its lines.
var ErrBinary = errors.New("binary file matches")

// File writes what is asked for of the file name to w, and returns how many lines match. With the
// option Names it stops at the first. A file with a NUL byte in its first chunk is binary.
func (p *Pattern) File(w io.Writer, name string, r io.Reader) (matches int64, err error) {
	f := &file{p: p, w: w, name: name}
	buf := make([]byte, 0, chunkSize)
	for first := true; ; first = false {
		n, err := io.ReadFull(r, buf[len(buf):cap(buf)])
		end := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !end {
			return f.matches, err
		}
		buf = buf[:len(buf)+n]
		f.binary = f.binary || first && bytes.IndexByte(buf, 0) >= 0
		whole := bytes.LastIndexByte(buf, '\n') + 1
		switch {
		case end || whole == 0 && len(buf) >= maxLine:
			whole = len(buf)
		case whole == 0:
			buf = append(make([]byte, 0, 2*cap(buf)), buf...)
			continue
		}
		if err := f.search(buf[:whole]); err != nil {
			return f.matches, err
		}
		if end || f.matches > 0 && p.options.Names {
			return f.matches, f.finish()
		}
		buf = buf[:copy(buf[:cap(buf)], buf[whole:])]
	}
}

// A file is a file that is being searched.
type file struct {
	p       *Pattern
	w       io.Writer
	name    string
	binary  bool
	matches int64
	number  int64 // lines before the ones that are searched
	out     []byte
}

// search looks for matches in whole lines.
func (f *file) search(lines []byte) error {
	from := 0 // where the number of lines was counted up to
	for at := 0; at < len(lines); {
		start, end := f.p.next(lines, at)
		if start < 0 {
			break
		}
		f.matches++
		if f.p.options.Names {
			return nil
		}
		if f.binary && !f.p.options.Count {
			return ErrBinary
		}
		if f.p.options.Number {
			f.number += int64(bytes.Count(lines[from:start], []byte("\n")))
			from = start
		}
		if err := f.print(lines[start:end]); err != nil {
			return err
		}
		at = end + 1
	}
	if f.p.options.Number {
		f.number += int64(bytes.Count(lines[from:], []byte("\n")))
	}
	return nil
}

// next returns the next line that matches, without its end; -1 if none does. at is the beginning of
// a line.
func (p *Pattern) next(lines []byte, at int) (start, end int) {
	for at < len(lines) {
		start = at
		if !p.byLine {
			found := p.lines.FindIndex(lines[at:])
			if found == nil || at+found[0] == len(lines) {
				return -1, 0
			}
			start = at + bytes.LastIndexByte(lines[at:at+found[0]], '\n') + 1
		}
		end = len(lines)
		if n := bytes.IndexByte(lines[start:], '\n'); n >= 0 {
			end = start + n
		}
		if p.line.Match(lines[start:end]) { // else the match goes on in the next line
			return start, end
		}
		at = end + 1
	}
	return -1, 0
}

// print writes a line that matches.
func (f *file) print(line []byte) error {
	if f.p.options.Count {
		return nil
	}
	f.out = append(append(f.out[:0], f.name...), ':')
	if f.p.options.Number {
		f.out = fmt.Appendf(f.out, "%d:", f.number+1)
	}
	f.out = append(append(f.out, line...), '\n')
	_, err := f.w.Write(f.out)
	return err
}

// finish writes what is printed once for a file.
func (f *file) finish() error {
	var err error
	switch {
	case f.p.options.Names && f.matches > 0:
		_, err = fmt.Fprintln(f.w, f.name)
	case f.p.options.Names:
	case f.p.options.Count:
		_, err = fmt.Fprintf(f.w, "%s:%d\n", f.name, f.matches)
	}
	return err
}
