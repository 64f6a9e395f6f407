package flags

import (
	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/sidecar/variants"
)

// Codings returns the flags of the commands that make variants.
func Codings() []cli.Flag {
	return []cli.Flag{
		Switch("br", "make variants in brotli, which all browsers accept over HTTPS"),
		Switch("dcz", "make variants of web pages in Zstandard with a dictionary that they share"),
		Switch("zstd", "make variants in Zstandard"),
	}
}

// ParseCodings returns the value of [Codings].
func ParseCodings(c *cli.Context) (all variants.Codings) {
	for coding := range variants.NumCodings {
		if c.Bool(coding.String()) {
			all = all.With(coding)
		}
	}
	return all
}
