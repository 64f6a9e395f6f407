package flags

import (
	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/tarpack/signature"
)

// Trust returns the flags of every command that checks signatures.
func Trust() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "public-key", Usage: "refuse what wasn't signed with the minisign public key" +
				" `KEY`, or with the one in the file KEY",
		},
		&cli.StringFlag{
			Name:  "not-before",
			Usage: "refuse what was signed before `TIME`, such as 2026-11-29 or @1764374400",
		},
	}
}

// ReadTrust returns the values of the flags of [Trust], or nil without a key.
func ReadTrust(c *cli.Context) (*signature.Trust, error) {
	t := &signature.Trust{}
	var err error
	if c.IsSet("not-before") {
		if t.NotBefore, err = parseTime(c, "not-before", c.String("not-before")); err != nil {
			return nil, err
		}
		if !c.IsSet("public-key") {
			return nil, report.Usagef("%s: --not-before needs --public-key", c.Command.Name)
		}
	}
	switch {
	case !c.IsSet("public-key"):
		return nil, nil
	case c.String("public-key") == "":
		return nil, report.Usagef("%s: --public-key needs a key, or the name of a file with one",
			c.Command.Name)
	}
	t.Key, err = signature.ReadPublicKey(c.String("public-key"))
	return t, err
}
