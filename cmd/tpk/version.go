package main

import (
	"fmt"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/reading"
)

func versionCommand() *cli.Command {
	return &cli.Command{
		Name:      "version",
		Usage:     "print the version of tpk",
		UsageText: "tpk version [flags]",
		Description: help.Text(`
Prints the versions of tpk, of the archive format and of Go, and the platform.

With --json, prints an object with version, commit, format, go, platform, features and missing.
Features are what other builds of the same version may lack, and missing is what this one lacks.`,
			"the version can't be printed",
			"tpk version",
			"tpk version --json"),
		Flags: []cli.Flag{flags.Switch("json", "print a JSON object")},
		Action: func(c *cli.Context) error {
			if _, err := flags.Arguments(c, 0, 0); err != nil {
				return err
			}
			if c.Bool("json") {
				return reading.NewJSONEncoder(c.App.Writer).Encode(thisBuild())
			}
			_, err := fmt.Fprintf(c.App.Writer, "%s version %s\n", c.App.Name, c.App.Version)
			return err
		},
	}
}
