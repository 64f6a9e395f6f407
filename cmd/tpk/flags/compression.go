package flags

import (
	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/tarpack/pack"
)

// Level returns the flag for the compression level of an archive's files.
func Level() cli.Flag {
	return &cli.IntFlag{
		Name: "level", Value: 6, Action: InRange("level", 0, 9),
		Usage: "compression level, `N` from 1 (fastest) to 9 (smallest); 0 is none",
	}
}

// CompressionLevel returns the value of [Level] as option structs have it.
func CompressionLevel(c *cli.Context) int {
	if level := c.Int("level"); level > 0 {
		return level
	}
	return pack.NoCompression
}

// Store returns the flag for files that are not compressed.
func Store() cli.Flag {
	return &cli.StringSliceFlag{
		Name: "store", Usage: "don't compress files that match `GLOB`: servers send them as they" +
			" are, and clients can read any part of them (repeatable)",
	}
}
