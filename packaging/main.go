package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "packaging:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("usage: packaging build -source DIR -version vX.Y.Z -out DIR " +
	"[-platforms OS/ARCH,...], or packaging sign [-public FILE] FILE")

// run runs one command. Progress goes to log.
func run(ctx context.Context, args []string, log io.Writer) error {
	switch {
	case len(args) > 0 && args[0] == "sign":
		return runSign(args[1:], log)
	case len(args) > 0 && args[0] == "build":
		return runBuild(ctx, args[1:], log)
	}
	return errUsage
}

// runSign signs a file.
func runSign(args []string, log io.Writer) error {
	set := flag.NewFlagSet("sign", flag.ContinueOnError)
	set.SetOutput(log)
	public := set.String("public", "", "the file of the public key that the secret key must belong to")
	if err := set.Parse(args); err != nil {
		return err
	}
	if set.NArg() != 1 {
		return errUsage
	}
	return signFile(set.Arg(0), *public, os.Getenv)
}

// runBuild makes the files of a release.
func runBuild(ctx context.Context, args []string, log io.Writer) error {
	r := release{log: log}
	var names string
	set := flag.NewFlagSet("build", flag.ContinueOnError)
	set.SetOutput(log)
	set.StringVar(&r.source, "source", "", "the checkout to build")
	set.StringVar(&r.tag, "version", "", "the version, as v1.0.0")
	set.StringVar(&r.out, "out", "", "a new directory for the files")
	set.StringVar(&names, "platforms", "", "only these, as linux/amd64,darwin/arm64")
	if err := set.Parse(args); err != nil {
		return err
	}
	if r.source == "" || r.out == "" || set.NArg() > 0 {
		return errUsage
	}
	var err error
	if r.platforms, err = choosePlatforms(names); err != nil {
		return err
	}
	return r.build(ctx)
}
