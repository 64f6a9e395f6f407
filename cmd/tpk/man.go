package main

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/man"
)

// manCommand is what "make man" runs: it writes the manual pages to a directory.
func manCommand() *cli.Command {
	return &cli.Command{
		Name:      "__man",
		Hidden:    true,
		UsageText: "tpk __man DIR",
		Action: func(c *cli.Context) error {
			args, err := flags.Arguments(c, 1, 1)
			if err != nil {
				return err
			}
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			o := man.Options{Version: thisBuild().Version, Date: buildDate()}
			for _, p := range man.Pages(c.App, o) {
				err := os.WriteFile(filepath.Join(args[0], p.Name), []byte(p.Text), 0o644)
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// buildDate returns SOURCE_DATE_EPOCH, or else the time of the commit that this build was made
// from, or else now.
func buildDate() time.Time {
	if s, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		return time.Unix(s, 0)
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if t, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil {
				return t
			}
		}
	}
	return time.Now()
}
