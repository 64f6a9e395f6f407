package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
)

func versionCommand() *cli.Command {
	return &cli.Command{
		Name:      "version",
		Usage:     "print the version of tpk",
		UsageText: "tpk version [--help]",
		Description: help.Text(`
Prints the versions of tpk, of the archive format and of Go, and the platform.`,
			"the version can't be printed",
			"tpk version"),
		Action: func(c *cli.Context) error {
			if _, err := flags.Arguments(c, 0, 0); err != nil {
				return err
			}
			_, err := fmt.Fprintf(c.App.Writer, "%s version %s\n", c.App.Name, c.App.Version)
			return err
		},
	}
}
