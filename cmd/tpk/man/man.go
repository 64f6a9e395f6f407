// Package man writes manual pages from the texts of package help: tpk(1), and one for each command,
// such as tpk-pack(1). They are in the man(7) language, for groff and mandoc.
//
//	man.go      [Pages], and the sections of a page
//	prose.go    paragraphs and tables, with the fonts of what they name
//	roff.go     characters and lines
//	context.go  environment variables and files
package man

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/help"
)

// A Page is a manual page.
type Page struct {
	Name string // of the file, such as tpk-pack.1
	Text string
}

// Options are what pages have besides the texts of help.
type Options struct {
	Version string    // of the program
	Date    time.Time // only the day is used
}

// Pages returns the pages of the application and of each visible command. The command help is in
// that of the application.
func Pages(app *cli.App, o Options) []Page {
	app.Setup()
	var names []string
	for _, cmd := range app.Commands {
		if !cmd.Hidden && cmd.Name != "help" {
			names = append(names, cmd.Name)
		}
	}
	pages := []Page{{app.Name + ".1", overview(app, names, o)}}
	for _, cmd := range app.Commands {
		if slices.Contains(names, cmd.Name) {
			pages = append(pages, Page{
				app.Name + "-" + cmd.Name + ".1", command(app, cmd, names, o),
			})
		}
	}
	return pages
}

// overview returns the page of the application.
func overview(app *cli.App, names []string, o Options) string {
	p := newPage(app, names, app.UsageText)
	p.title(app.Name, app.Usage, o)
	p.section("SYNOPSIS")
	p.synopsis(app.UsageText)
	d := help.Split(app.Description)
	p.section("DESCRIPTION")
	p.prose(d.Prose)
	p.section("COMMANDS")
	for _, r := range help.Commands(app) {
		name, _, _ := strings.Cut(r.Name, ",")
		if slices.Contains(names, name) {
			p.entry(p.reference(name), r.About)
		} else {
			p.entry(bold(app.Name+" "+name), r.About)
		}
	}
	p.options("GLOBAL OPTIONS", app.VisibleFlags())
	all := func(fact) bool { return true }
	p.facts("ENVIRONMENT", environment, all)
	p.facts("FILES", files, all)
	p.end(d, names)
	return p.String()
}

// command returns the page of a command.
func command(app *cli.App, cmd *cli.Command, names []string, o Options) string {
	p := newPage(app, names, cmd.UsageText)
	for _, option := range help.Options(cmd.Flags) {
		p.name(option.Value)
	}
	p.title(app.Name+"-"+cmd.Name, cmd.Usage, o)
	p.section("SYNOPSIS")
	p.synopsis(cmd.UsageText)
	d := help.Split(cmd.Description)
	p.section("DESCRIPTION")
	p.prose(d.Prose)
	p.options("OPTIONS", cmd.VisibleFlags())
	text := d.Prose + " " + cmd.UsageText
	concerns := func(f fact) bool { return f.concerns(cmd, text) }
	p.facts("ENVIRONMENT", environment, concerns)
	p.facts("FILES", files, concerns)
	var related []string
	for _, name := range names {
		if name != cmd.Name && strings.Contains(text, app.Name+" "+name) ||
			strings.Contains(text, app.Name+" help "+name) {
			related = append(related, name)
		}
	}
	p.end(d, related)
	return p.String()
}

// title writes the header of a page, and its name.
func (p *page) title(name, about string, o Options) {
	p.line(`.\" Made from the help texts of tpk: see 'tpk help'.`)
	p.line(fmt.Sprintf(".TH %s 1 %s %q %q", roff(strings.ToUpper(name)),
		o.Date.UTC().Format(time.DateOnly), p.app.Name+" "+o.Version, p.app.Name+" manual"))
	p.line(".nh") // a name broken at a hyphen can't be copied, nor found
	p.line(".ad l")
	p.section("NAME")
	p.line(roff(name) + ` \- ` + roff(about))
}

// options writes a section of flags.
func (p *page) options(title string, all []cli.Flag) {
	p.section(title)
	for _, o := range help.Options(all) {
		short := slices.Clone(o.Names)
		slices.SortStableFunc(short, func(a, b string) int { return min(len(a), 3) - min(len(b), 3) })
		for i, n := range short {
			short[i] = bold(n)
		}
		tag := strings.Join(short, ", ")
		if o.Value != "" {
			tag += `\ ` + italic(o.Value)
		}
		about := o.Usage
		if o.Preset != "" {
			about += " (default: " + o.Preset + ")"
		}
		p.entry(tag, about)
	}
}

// facts writes a section of what applies of a list.
func (p *page) facts(title string, all []fact, applies func(fact) bool) {
	begun := false
	for _, f := range all {
		if !applies(f) {
			continue
		}
		if !begun {
			p.section(title)
			begun = true
		}
		p.entry(bold(strings.ReplaceAll(f.name, ", ", "\n")), f.about)
	}
}

// end writes the last sections. related are the commands to see also.
func (p *page) end(d help.Description, related []string) {
	p.section("EXIT STATUS")
	for _, r := range d.ExitCodes {
		p.entry(bold(r.Name), r.About)
	}
	p.section("EXAMPLES")
	p.line(".EX")
	for _, e := range d.Examples {
		p.line(literal(e))
	}
	p.line(".EE")
	p.section("SEE ALSO")
	var others []string
	for _, name := range related {
		others = append(others, p.reference(name))
	}
	if len(related) < len(p.commands) {
		others = append([]string{bold(p.app.Name) + "(1)"}, others...)
	} else {
		others = append(others, bold("tar")+"(1)", bold("gzip")+"(1)")
	}
	p.line(strings.Join(others, ",\n"))
}
