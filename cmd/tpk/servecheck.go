package main

import (
	"fmt"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/internal/count"
	"github.com/tarpack/tpk/serve"
)

// checkServer opens what would be served, and reports what is wrong with rules of sites. It listens
// nowhere.
func checkServer(c *cli.Context, o *serveOptions) error {
	server, err := serve.New(o.serve)
	if err != nil {
		return optionError(err)
	}
	defer server.Close()
	if err := server.Load(c.Context); err != nil {
		return optionError(err)
	}
	var failed error
	for _, s := range server.SiteConfigs() {
		if s.Problems > 0 {
			failed = report.ErrReported
		}
		if terminal.IsQuiet(c) {
			continue
		}
		_, err := fmt.Fprintf(c.App.Writer, "%s: %s, %s, %s\n", report.Quote(s.Name),
			count.Of(s.Redirects, "redirect", "redirects"),
			count.Of(s.Blocks, "path with header fields", "paths with header fields"),
			count.Of(s.Problems, "problem", "problems"))
		if err != nil {
			return err
		}
	}
	return failed
}
