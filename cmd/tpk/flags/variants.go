package flags

import (
	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/sidecar/variants"
	"github.com/tarpack/tpk/tarpack/siblings"
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

// Siblings returns the flag of the commands that leave out precompressed siblings.
func Siblings() cli.Flag {
	return Switch("siblings",
		"leave out x.gz, x.br and x.zst beside an equal x, and make variants of them")
}

// ParseSiblings returns the set for the value of [Siblings], or nil.
func ParseSiblings(c *cli.Context) *siblings.Set {
	if c.Bool("siblings") {
		return &siblings.Set{}
	}
	return nil
}
