package siterules

import (
	"bytes"
	"fmt"
	"strings"
)

// Names of the two files, in the root of a site.
const (
	RedirectsFile = "_redirects"
	HeadersFile   = "_headers"
)

// Files are the names of the files that a site is configured by.
var Files = [...]string{RedirectsFile, HeadersFile}

// Limits of the files. What is beyond them is a Problem. With them, the slowest search for a rule
// takes less than a millisecond.
const (
	MaxFile    = 1 << 20 // bytes of a file; a longer one is not used at all
	maxLine    = 2000    // bytes of a line, as at Cloudflare
	maxStatic  = 10000   // lines of _redirects without placeholders or a splat
	maxDynamic = 1000    // lines of _redirects with these
	maxHeaders = 2000    // blocks of _headers
)

// maxProblems is how many problems of a file are kept. One more line has the number of the others.
const maxProblems = 20

// Options are what an operator allows a site.
type Options struct {
	// Trust allows header fields that act beyond the files of the site, such as Set-Cookie.
	Trust bool
}

// Site is what the files of one site ask for. It never changes. A nil one asks for nothing.
type Site struct {
	redirects redirects
	headers   headers
}

// Problem is a line that is not used.
type Problem struct {
	File string // RedirectsFile or HeadersFile
	Line int    // from 1; 0 is the whole file
	Why  string
}

func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Why
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Why)
}

// Parse reads the two files. A missing one is nil. The Site is nil if there is nothing to do.
func Parse(redirectsText, headersText []byte, o Options) (*Site, []Problem) {
	s := &Site{}
	list := problems{file: RedirectsFile}
	s.redirects.parse(redirectsText, &list)
	found := list.end()
	list = problems{file: HeadersFile}
	s.headers.parse(headersText, o, &list)
	found = append(found, list.end()...)
	if s.Redirects() == 0 && s.Blocks() == 0 {
		return nil, found
	}
	return s, found
}

// Redirects returns how many lines of _redirects are used.
func (s *Site) Redirects() int {
	if s == nil {
		return 0
	}
	return len(s.redirects.rules)
}

// Blocks returns how many blocks of _headers are used.
func (s *Site) Blocks() int {
	if s == nil {
		return 0
	}
	return len(s.headers.rules)
}

// problems collects those of one file.
type problems struct {
	file string
	list []Problem
	more int
}

func (p *problems) add(line int, format string, args ...any) {
	if len(p.list) == maxProblems {
		p.more++
		return
	}
	p.list = append(p.list, Problem{p.file, line, fmt.Sprintf(format, args...)})
}

func (p *problems) end() []Problem {
	if p.more > 0 {
		p.list = append(p.list, Problem{File: p.file, Why: fmt.Sprintf("and %d more", p.more)})
	}
	return p.list
}

// lines calls yield with each line that is not empty and no comment, without blanks at its ends.
func lines(text []byte, p *problems, yield func(number int, line string)) {
	if len(text) > MaxFile {
		p.add(0, "it is longer than %d bytes, so none of it is used", MaxFile)
		return
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	number := 0
	for raw := range bytes.Lines(text) {
		number++
		line := strings.TrimSpace(string(raw))
		switch {
		case line == "" || line[0] == '#':
		case len(line) > maxLine:
			p.add(number, "the line is longer than %d bytes", maxLine)
		case strings.ContainsFunc(line, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }):
			p.add(number, "the line has a control character")
		default:
			yield(number, line)
		}
	}
}

// Request is the part of a request that rules depend on.
type Request struct {
	Path   string // below the root of the site: decoded, without slashes at its ends
	Slash  bool   // the path ended in a slash
	Query  string // as it came
	Host   string // with or without a port
	Secure bool   // it is known to have come by HTTPS
}
