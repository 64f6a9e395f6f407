package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
)

// A block is a fenced block of a page, with the comments before it that the test heeds.
// CONTRIBUTING.md describes the notation.
type block struct {
	line     int // of its first line in the page, from 1
	language string
	text     []string
	setup    []string // commands of "run:" before it
	notRun   string   // the reason of "not run:"
	runBy    string   // the test of "run by:"
	needs    string   // the word of "needs:"
	section  string   // the heading above
}

// A step is a command of a block of the language console, and what it prints.
type step struct {
	line    int    // in the page
	command string // without prompts
	output  []string
	end     int // the line after its output
	hidden  bool
}

var (
	directive = regexp.MustCompile(`^<!-- (run|not run|run by|needs): (.*) -->$`)
	fenceLine = regexp.MustCompile("^```+([a-z]*)$")
)

// readPage returns the lines and the blocks of a page.
func readPage(t *testing.T, path string) (lines []string, blocks []block) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(tools.Repo(t), path))
	if err != nil {
		t.Fatal(err)
	}
	lines = strings.Split(string(b), "\n")
	next := block{}
	var open *block
	for i, line := range lines {
		m := fenceLine.FindStringSubmatch(strings.TrimSpace(line))
		switch {
		case m != nil && open == nil:
			next.line, next.language = i+2, m[1]
			open = &next
		case m != nil:
			blocks = append(blocks, next)
			next, open = block{section: next.section}, nil
		case open != nil:
			open.text = append(open.text, line)
		case strings.HasPrefix(line, "## "):
			if next.setup != nil { // for no block of this section
				next.line, next.language = i+1, "console"
				blocks = append(blocks, next)
			}
			next = block{section: line[3:]}
		case strings.HasPrefix(line, "<!-- "):
			d := directive.FindStringSubmatch(line)
			if d == nil {
				continue
			}
			switch d[1] {
			case "run":
				next.setup = append(next.setup, d[2])
			case "not run":
				next.notRun = d[2]
			case "run by":
				next.runBy = d[2]
			case "needs":
				next.needs = d[2]
			}
		}
	}
	return lines, blocks
}

// steps returns the commands of a block of the language console, after those of its setup.
func (b block) steps() (all []step, err error) {
	for _, s := range b.setup {
		all = append(all, step{line: b.line, command: s, hidden: true})
	}
	for i, line := range b.text {
		last := len(all) - 1
		switch {
		case strings.HasPrefix(line, "$ "):
			all = append(all, step{line: b.line + i, command: line[2:], end: b.line + i + 1})
		case last < 0 || all[last].hidden:
			return nil, fmt.Errorf("line %d is before the first command", b.line+i)
		case strings.HasPrefix(line, "> ") && len(all[last].output) == 0:
			all[last].command += "\n" + line[2:]
			all[last].end++
		default:
			all[last].output = append(all[last].output, line)
			all[last].end++
		}
	}
	return all, nil
}

// want splits what a page shows of a step into a pattern of its output and its exit code.
func (s step) want() (pattern *regexp.Regexp, code string) {
	code, lines := "0", s.output
	if n := len(lines); n > 0 && strings.HasPrefix(lines[n-1], "[exit ") {
		code = strings.Trim(lines[n-1], "[exit]")
		code, lines = strings.TrimSpace(code), lines[:n-1]
	}
	var b strings.Builder
	for _, line := range lines {
		if line == "…" {
			b.WriteString(`(?:.*\n)*`)
			continue
		}
		b.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*") + `\n`)
	}
	return regexp.MustCompile(`\A` + b.String() + `\z`), code
}
