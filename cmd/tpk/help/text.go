package help

import (
	"fmt"
	"strings"
)

// The first lines of two paragraphs of a description.
const (
	exitTitle     = "Exit codes:\n"
	examplesTitle = "Examples:\n"
)

// Globs is a paragraph for the help of commands that take a path or a glob.
const Globs = `An argument that is not a path in ARCHIVE is a GLOB: one without a slash, such as
'*.html', matches names in any directory; one with a slash, such as 'docs/*.html', matches whole
paths. * and ? do not match slashes, ** does, and {a,b} and [a-z] work.`

// Remote is a paragraph for the help of a command that reads archives on servers.
const Remote = `ARCHIVE may be a URL with https://, http:// or s3://, with its index beside it or
in it. A shard set has the URL of its list, NAME-of-00016.tar.gz.tps, or of its first shard. Only
the parts that are needed are downloaded, and kept in $XDG_CACHE_HOME/tpk (by default in the
system's directory of caches: ~/.cache/tpk, on macOS ~/Library/Caches/tpk, on Windows
%LocalAppData%\tpk).
Passwords come from the URL, a netrc file or --http-header; for S3, from the environment, the
files of Amazon's tools, or the role of the machine.`

// RemoteToo is Remote, in short.
const RemoteToo = `ARCHIVE may be a URL, as for 'tpk ls'.`

// Text returns the description of a command: paragraphs of prose, the exit codes, and examples.
// Prose is wrapped when it is printed, except lines that begin with a space. failure is what exit
// code 1 means.
func Text(prose, failure string, examples ...string) string {
	return TextWithTrouble(prose, failure, "wrong usage", examples...)
}

// TextWithTrouble is Text for a command whose exit code 2 means more than wrong usage.
func TextWithTrouble(prose, failure, trouble string, examples ...string) string {
	var b strings.Builder
	b.WriteString(strings.TrimSpace(prose) + "\n\n" + exitTitle + indent + "0      success\n")
	margin := indent + "       "
	for i, meaning := range []string{failure, trouble} {
		fmt.Fprintf(&b, "%s%d      ", indent, i+1)
		b.WriteString(strings.Join(wrap(meaning, Width-len(indent)-len(margin)), "\n"+margin) + "\n")
	}
	b.WriteString(indent + "128+n  stopped by signal n\n\n")
	b.WriteString(Examples(examples...))
	return b.String()
}

// Examples returns a paragraph of command lines, which are not wrapped.
func Examples(lines ...string) string {
	return examplesTitle + indent + strings.Join(lines, "\n"+indent)
}

// Insert adds a paragraph to what [Text] has returned, before the exit codes.
func Insert(description, paragraph string) string {
	before, after, _ := strings.Cut(description, exitTitle)
	return strings.TrimSpace(before) + "\n\n" + paragraph + "\n\n" + exitTitle + after
}

// A Description is a description in its parts.
type Description struct {
	Prose     string // paragraphs; a line that begins with a space is one row of a table
	ExitCodes []Row
	Examples  []string // command lines
}

// Split returns the parts of what [Text] and [Examples] have put together.
func Split(description string) Description {
	var d Description
	prose, rest, _ := strings.Cut(description, exitTitle)
	d.Prose = strings.TrimSpace(prose)
	codes, examples, _ := strings.Cut(rest, examplesTitle)
	for line := range strings.Lines(strings.TrimRight(codes, "\n")) {
		line = strings.TrimSpace(line)
		name, about, _ := strings.Cut(line, " ")
		if n := len(d.ExitCodes); n > 0 && (name[0] < '0' || name[0] > '9') {
			d.ExitCodes[n-1].About += " " + line
			continue
		}
		d.ExitCodes = append(d.ExitCodes, Row{name, strings.TrimSpace(about)})
	}
	for line := range strings.Lines(examples) {
		d.Examples = append(d.Examples, strings.TrimSpace(line))
	}
	return d
}
