package man

import (
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/help"
)

func TestProse(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"sentences", "A b. C d.\nE f.", "A b.\nC d.\nE f.\n"},
		{"a flag", "with --a-b, -x and -.", "with \\fB\\-\\-a\\-b\\fR, \\fB\\-x\\fR and \\-.\n"},
		{"no flag", "well-known, x-1 and UTF-8", "well-known, x\\-1 and UTF\\-8\n"},
		{"an argument", "OUT.tar.gz, OUTER and OUT", "\\fIOUT.tar.gz\\fR, OUTER and \\fIOUT\\fR\n"},
		{"a command", "as 'tpk ls -l' does", "as \\fBtpk ls \\-l\\fR does\n"},
		{"a page", "see 'tpk help ls', sd_notify(3)", "see \\fBtpk\\-ls\\fR(1), \\fBsd_notify\\fR(3)\n"},
		{"other quotes", "it isn't 'grep -r' here", "it isn't 'grep \\fB\\-r\\fR' here\n"},
		{"a variable", "$HOME/x, A_B", "\\fB$HOME\\fR/x, \\fBA_B\\fR\n"},
		{"requests", ".git/ is\n\n'x' is", "\\&.git/ is\n.PP\n\\&'x' is\n"},
		{"characters", `\n ~ ^ ` + "` ü", "\\en \\(ti \\(ha \\(ga \\[u00FC]\n"},
		{"a table", "These:\n a, b  one\n       more\n c  two\nAfter.",
			"These:\n.TP\n\\fIa, b\\fR\none more\n.TP\n\\fIc\\fR\ntwo\nAfter.\n"},
	} {
		p := newPage(&cli.App{Name: "tpk"}, []string{"ls"}, "tpk x OUT.tar.gz")
		p.prose(test.text)
		if got := p.String(); got != test.want {
			t.Errorf("%s:\n%s\nwant\n%s", test.name, got, test.want)
		}
	}
}

func TestSynopsis(t *testing.T) {
	p := newPage(&cli.App{Name: "tpk"}, []string{"x"}, "")
	p.synopsis("tpk x [flags] A\ntpk x --list A")
	want := "\\fBtpk\\fR\\ \\fBx\\fR [\\fIflags\\fR] \\fIA\\fR\n.br\n" +
		"\\fBtpk\\fR\\ \\fBx\\fR \\fB\\-\\-list\\fR \\fIA\\fR\n"
	if got := p.String(); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// TestLongLines checks that running text stays below the width, and that a line which ends with a
// full stop by chance ends no sentence.
func TestLongLines(t *testing.T) {
	p := newPage(&cli.App{Name: "tpk"}, nil, "")
	p.running(strings.Repeat("e.g. ", 60))
	lines := strings.Split(strings.TrimSpace(p.String()), "\n")
	for i, line := range lines {
		if len(line) > sourceWidth+2 || i < len(lines)-1 && !strings.HasSuffix(line, `.\&`) {
			t.Errorf("%d bytes: %s", len(line), line)
		}
	}
	if len(lines) < 4 {
		t.Errorf("%d lines", len(lines))
	}
}

func TestPages(t *testing.T) {
	app := &cli.App{
		Name: "tpk", Usage: "pack", UsageText: "tpk COMMAND",
		Description: help.Text("It packs.", "bad", "tpk ls"),
		Commands: []*cli.Command{
			{
				Name: "ls", Usage: "list", UsageText: "tpk ls [-l|--json] [flags] ARCHIVE[:PATH]...",
				Description: help.Text("Lists. See 'tpk cat'.", "bad ARCHIVE", "tpk ls 'a b'"),
				Flags: []cli.Flag{&cli.IntFlag{
					Name: "level", Aliases: []string{"l"}, Usage: "use `N`, or 1", Value: 6,
				}},
			},
			{Name: "cat", Usage: "show", UsageText: "tpk cat", Description: help.Text("Shows.", "bad", "x")},
			{Name: "secret", Hidden: true},
		},
	}
	app.Setup() // as App.Run calls it before the command that writes the pages
	pages := Pages(app, Options{Version: "1.2.3", Date: time.Unix(86400, 0)})
	if len(pages) != 3 || pages[0].Name != "tpk.1" || pages[1].Name != "tpk-ls.1" {
		t.Fatalf("%q", pages)
	}
	want := `.\" Made from the help texts of tpk: see 'tpk help'.
.TH TPK-LS 1 1970-01-02 "tpk 1.2.3" "tpk manual"
.nh
.ad l
.SH NAME
tpk-ls \- list
.SH SYNOPSIS
\fBtpk\fR\ \fBls\fR [\fB\-l\fR|\fB\-\-json\fR] [\fIflags\fR] \fIARCHIVE\fR[:\fIPATH\fR]...
.SH DESCRIPTION
Lists.
See \fBtpk cat\fR.
.SH OPTIONS
.TP
\fB\-l\fR, \fB\-\-level\fR\ \fIN\fR
use \fIN\fR, or 1 (default: 6)
.TP
\fB\-h\fR, \fB\-\-help\fR
show help
.SH FILES
.TP
\fBNAME.tar.gz.tpi\fR
The index of NAME.tar.gz.
It can be rebuilt with \fBtpk index\fR.
.SH EXIT STATUS
.TP
\fB0\fR
success
.TP
\fB1\fR
bad \fIARCHIVE\fR
.TP
\fB2\fR
wrong usage
.TP
\fB128+n\fR
stopped by signal n
.SH EXAMPLES
.EX
tpk ls \(aqa b\(aq
.EE
.SH SEE ALSO
\fBtpk\fR(1),
\fBtpk\-cat\fR(1)
`
	if got := pages[1].Text; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if !strings.Contains(pages[0].Text, `\fBtpk\-cat\fR(1),`) ||
		!strings.Contains(pages[0].Text, "AWS_PROFILE") {
		t.Error(pages[0].Text)
	}
}
