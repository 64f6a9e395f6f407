package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// oneOf checks a flag that takes one of a few words.
func oneOf(flag string, words []string) func(*cli.Context, string) error {
	return func(c *cli.Context, value string) error {
		if !slices.Contains(words, value) {
			return usagef("%s: --%s %s: it is one of %s", c.Command.Name, flag, quoteName(value), strings.Join(words, ", "))
		}
		return nil
	}
}

// inRange checks a flag that takes a number.
func inRange(flag string, low, high int) func(*cli.Context, int) error {
	return func(c *cli.Context, n int) error {
		if n < low || n > high {
			return usagef("%s: --%s %d: it is a number from %d to %d", c.Command.Name, flag, n, low, high)
		}
		return nil
	}
}
