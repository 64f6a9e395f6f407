package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/sign"
	"github.com/tarpack/tpk/tarpack/signature"
)

type signOptions struct {
	archives []string
	key      signature.SecretKey
}

func signCommand() *cli.Command {
	return &cli.Command{
		Name:      "sign",
		Usage:     "sign archives with a minisign key",
		UsageText: "tpk sign [flags] --secret-key FILE ARCHIVE...",
		Description: help.Text(`
Checks ARCHIVE as 'tpk verify' does, and writes two files beside it: ARCHIVE.sum, a text with its
size, its SHA-256 and that of its index, and ARCHIVE.sum.minisig, the signature of that text. The
index needs SHA-256 sums: 'tpk compact --sha256' adds them. A shard set is signed as a whole:
NAME-of-00016.tar.gz.tps.sum has the SHA-256 of each shard.

With --public-key, 'tpk serve' and the commands that read an archive check its signature. Without
tpk, this does it: minisign -Vm ARCHIVE.sum -p KEY.pub && sha256sum -c ARCHIVE.sum

'minisign -G' makes a pair of keys. If the secret key is encrypted, the password is asked for on the
terminal. If standard input is no terminal, its first line is the password.

An archive that is changed must be signed again.`,
			"an archive is not in order, or can't be signed",
			"tpk sign --secret-key ~/.minisign/minisign.key site.tar.gz",
			"tpk sign --secret-key site.key --password-file site.password site.tar.gz"),
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "secret-key", Usage: "sign with the minisign secret key in `FILE`"},
			&cli.StringFlag{
				Name: "password-file", Usage: "take the first line of `FILE` as the password of the key",
			},
			flags.Progress(),
		},
		Action: action(parseSign, runSign),
	}
}

func parseSign(c *cli.Context) (*signOptions, error) {
	args, err := flags.ManyArguments(c, 1, -1)
	if err != nil {
		return nil, err
	}
	if !c.IsSet("secret-key") {
		return nil, report.Usagef("sign: --secret-key is missing: usage: %s", c.Command.UsageText)
	}
	o := &signOptions{archives: args}
	name := c.String("secret-key")
	o.key, err = signature.ReadSecretKey(name, func() (string, error) {
		return terminal.Password(c.Context, c.App.ErrWriter, name, c.String("password-file"))
	})
	return o, err
}

// runSign signs one archive after the other.
func runSign(c *cli.Context, o *signOptions) (failed error) {
	for _, name := range o.archives {
		err := signOne(c, name, o.key)
		if len(o.archives) == 1 || context.Cause(c.Context) != nil {
			return err
		}
		if err != nil {
			fmt.Fprintln(c.App.ErrWriter, report.Line(err))
			failed = report.ErrReported
		}
	}
	return failed
}

func signOne(c *cli.Context, name string, key signature.SecretKey) error {
	m := terminal.NewMeter(c, "checking")
	defer m.Stop()
	res, err := sign.Sign(c.Context, name, key, sign.Options{Progress: m.Update})
	m.Stop()
	if stop := (*report.StoppedError)(nil); errors.As(err, &stop) {
		return report.WithHint(report.In(name, stop), "nothing was written")
	}
	if errors.Is(err, format.ErrPart) {
		return report.WithHint(err, "its signature is that of the set: name the set by its first shard")
	}
	if errors.Is(err, format.ErrNoList) {
		return report.WithHint(err, "'tpk index' of its first shard writes it")
	}
	if errors.Is(err, format.ErrNoSidecar) ||
		errors.Is(err, format.ErrStale) && !errors.Is(err, format.ErrEmbedded) {
		return report.WithHint(err, "'tpk index' writes it")
	}
	if err != nil {
		return report.Output(name, err)
	}
	m.Summarize("signed %s (%s, %s) with key %s", report.Quote(name),
		report.Entries(int64(res.Entries)), report.Bytes(res.Bytes), key.Public().ID())
	return nil
}
