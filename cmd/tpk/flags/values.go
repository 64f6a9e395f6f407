package flags

import (
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/report"
)

// OneOf returns the check of a flag whose value is one of a few words.
func OneOf(flag string, words []string) func(*cli.Context, string) error {
	return func(c *cli.Context, value string) error {
		if !slices.Contains(words, value) {
			return report.Usagef("%s: --%s %s: must be one of %s",
				c.Command.Name, flag, report.Quote(value), strings.Join(words, ", "))
		}
		return nil
	}
}

// InRange returns the check of a flag whose value is a number from low to high.
func InRange(flag string, low, high int) func(*cli.Context, int) error {
	return func(c *cli.Context, n int) error {
		if n < low || n > high {
			return report.Usagef("%s: --%s %d: must be a number from %d to %d",
				c.Command.Name, flag, n, low, high)
		}
		return nil
	}
}

// Positive returns the check of a flag whose value is a duration over 0.
func Positive(flag string) func(*cli.Context, time.Duration) error {
	return func(c *cli.Context, d time.Duration) error {
		if d <= 0 {
			return report.Usagef("%s: --%s %v: must be a time, such as 500ms, 30s or 5m",
				c.Command.Name, flag, d)
		}
		return nil
	}
}

// ParseSize returns the number of bytes in a size such as 500MB or 1GiB, from 1 to 2^48-1.
func ParseSize(command, flag, word string) (int64, error) {
	size, err := humanize.ParseBytes(word)
	if err != nil || size < 1 || size >= 1<<48 {
		return 0, report.Usagef("%s: --%s %s: must be a size, such as 500MB or 1GiB",
			command, flag, report.Quote(word))
	}
	return int64(size), nil
}
