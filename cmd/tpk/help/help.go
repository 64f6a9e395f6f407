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

	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/cmd/tpk/flags"
)

// Install makes urfave/cli print help and version to w in our layout. Errors of w are ignored, so
// it should be a buffer.
func Install(app *cli.App, w io.Writer) {
	cli.HelpPrinter = func(_ io.Writer, _ string, data any) { fmt.Fprint(w, page(app.HelpName, data)) }
	cli.VersionPrinter = func(*cli.Context) {
		fmt.Fprintf(w, "%s version %s\n", app.Name, app.Version)
	}
}

// page returns the help text of data, a [*cli.App] or a [*cli.Command] of the application app.
func page(app string, data any) string {
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
	switch x := data.(type) {
	case *cli.App:
		section("NAME", prose(x.Name+" - "+x.Usage))
		section("USAGE", usage(x.UsageText))
		section("VERSION", prose(x.Version))
		section("DESCRIPTION", prose(x.Description))
		section("COMMANDS", table(Commands(x)))
		section("GLOBAL OPTIONS", table(options(x.VisibleFlags())))
	case *cli.Command:
		section("NAME", prose(app+" "+x.Name+" - "+x.Usage))
		section("USAGE", usage(x.UsageText))
		section("DESCRIPTION", prose(x.Description))
		section("OPTIONS", table(options(x.VisibleFlags())))
	}
	return b.String()
}

// Commands returns the visible commands of the application, each with its names.
func Commands(app *cli.App) []Row {
	var rows []Row
	for _, cmd := range app.VisibleCommands() {
		about := cmd.Usage
		if cmd.Name == "help" { // the library's own
			about = "list the commands, or show the help of one"
		}
		rows = append(rows, Row{strings.Join(cmd.Names(), ", "), about})
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

// Options returns the flags that have a usage.
func Options(all []cli.Flag) []Option {
	var options []Option
	for _, f := range all {
		doc, ok := f.(cli.DocGenerationFlag)
		if !ok {
			continue
		}
		before, value, after := valueName(doc.GetUsage())
		o := Option{Usage: before + value + after}
		if _, isSwitch := f.(*cli.BoolFlag); !isSwitch {
			o.Preset = strings.Trim(doc.GetDefaultText(), `"`)
		}
		for _, n := range f.Names() {
			o.Names = append(o.Names, flags.Dashed(n))
		}
		if doc.TakesValue() {
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
