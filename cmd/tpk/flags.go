package main

import (
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
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

// positive checks the value of a duration flag.
func positive(flag string) func(*cli.Context, time.Duration) error {
	return func(c *cli.Context, d time.Duration) error {
		if d <= 0 {
			return usagef("%s: --%s %v: it is a time, as 500ms, 30s or 5m", c.Command.Name, flag, d)
		}
		return nil
	}
}

// parseSize reads a size in bytes, as people write it.
func parseSize(command, flag, word string) (int64, error) {
	size, err := humanize.ParseBytes(word)
	if err != nil || size < 1 || size >= 1<<48 {
		return 0, usagef("%s: --%s %s: it is a size, as 500MB or 1GiB", command, flag, quoteName(word))
	}
	return int64(size), nil
}
