package main

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v2"
)

// A printed is where help is printed, and remembers the error, which the library ignores.
type printed struct {
	w   io.Writer
	err error
}

func (p *printed) Write(b []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	n, err := p.w.Write(b)
	p.err = err
	return n, err
}

// helpOf has help and version of the app printed to p.
func (p *printed) helpOf(app *cli.App) {
	print := cli.HelpPrinterCustom
	cli.HelpPrinterCustom = func(_ io.Writer, template string, data any, funcs map[string]any) { print(p, template, data, funcs) }
	cli.VersionPrinter = func(*cli.Context) { fmt.Fprintf(p, "%s version %s\n", app.Name, app.Version) }
}
