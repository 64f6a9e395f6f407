// Package help lays out help texts, at most [Width] columns wide.
//
//	help.go  [Install]: help and version of the application are printed by this package
//	text.go  [Text]: the description of a command, with exit codes and examples; [Split] parts it
//	wrap.go  lines, paragraphs and tables
package help

import (
	"fmt"
	"io"
	"strings"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
)

// Install makes the application print help and version to w in our layout. Errors of w are ignored,
// so it should be a buffer.
func Install(app *cli.App, w io.Writer) {
	app.PrintHelp = func(cmd *cli.Command) { fmt.Fprint(w, page(app, cmd)) }
	app.PrintVersion = func() { fmt.Fprintf(w, "%s version %s\n", app.Name, app.Version) }
}

// page returns the help text of a command of an application, or of the application if cmd is nil.
func page(app *cli.App, cmd *cli.Command) string {
	var b strings.Builder
	section := func(title, text string) {
		if strings.TrimSpace(text) == "" {
			return
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(title + ":\n" + text)
	}
	if cmd == nil {
		section("NAME", prose(app.Name+" - "+app.Usage))
		section("USAGE", usage(app.UsageText))
		section("VERSION", prose(app.Version))
		section("DESCRIPTION", prose(app.Description))
		section("COMMANDS", table(Commands(app)))
		section("GLOBAL OPTIONS", table(options(app.VisibleFlags())))
		return b.String()
	}
	section("NAME", prose(app.HelpName+" "+cmd.Name+" - "+cmd.Usage))
	section("USAGE", usage(cmd.UsageText))
	section("DESCRIPTION", prose(cmd.Description))
	section("OPTIONS", table(options(cmd.VisibleFlags())))
	return b.String()
}

// Commands returns the visible commands of the application, each with its names.
func Commands(app *cli.App) []Row {
	var rows []Row
	for _, cmd := range app.VisibleCommands() {
		rows = append(rows, Row{strings.Join(cmd.Names(), ", "), cmd.Usage})
	}
	return rows
}

// An Option is a flag as help shows it.
type Option struct {
	Names  []string // with dashes, the long one first
	Value  string   // name of its value; "" for a switch
	Usage  string   // with the name of the value in it
	Preset string   // the default; "" if there is none or it is not shown
}

// Options returns what help shows of some flags.
func Options(all []cli.Flag) []Option {
	var options []Option
	for _, f := range all {
		about := f.About()
		before, value, after := valueName(about.Usage)
		o := Option{Usage: before + value + after, Preset: about.Default}
		for _, n := range f.Names() {
			o.Names = append(o.Names, flags.Dashed(n))
		}
		if about.TakesValue {
			o.Value = value
		}
		options = append(options, o)
	}
	return options
}

// options returns a row for each flag: its names with the name of its value, then its usage and
// its default.
func options(all []cli.Flag) []Row {
	var rows []Row
	for _, o := range Options(all) {
		r := Row{strings.Join(o.Names, ", "), o.Usage}
		if o.Value != "" {
			r.Name += " " + o.Value
		}
		if o.Preset != "" {
			r.About += " (default:" + noBreak + o.Preset + ")"
		}
		rows = append(rows, r)
	}
	return rows
}

// valueName splits a usage around the name of the value, which is in backquotes.
func valueName(usage string) (before, name, after string) {
	before, rest, ok := strings.Cut(usage, "`")
	if !ok {
		return usage, "", ""
	}
	name, after, _ = strings.Cut(rest, "`")
	return before, name, after
}
