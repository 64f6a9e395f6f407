package main

import (
	"io/fs"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack"
)

func serveFlags() []cli.Flag {
	list := func(name, usage string) cli.Flag { return &cli.StringSliceFlag{Name: name, Usage: usage} }
	text := func(name, usage string) cli.Flag { return &cli.StringFlag{Name: name, Usage: usage} }
	yes := func(name, usage string) cli.Flag {
		return &cli.BoolFlag{Name: name, DisableDefaultText: true, Usage: usage}
	}
	after := func(name string, d time.Duration, usage string) cli.Flag {
		return &cli.DurationFlag{Name: name, Value: d, Usage: usage, Action: positive(name)}
	}
	return []cli.Flag{
		list("listen", "answer on `HOST:PORT` (repeatable; default 127.0.0.1:8080)"),
		list("socket", "answer on the unix socket `PATH` (repeatable)"),
		&cli.StringFlag{Name: "socket-mode", Value: "0660", Usage: "permissions of unix sockets, `OCTAL`"},
		text("tls-cert", "certificate chain, PEM `FILE`; read again when it changes"),
		text("tls-key", "its key, PEM `FILE`"),
		yes("h2c", "HTTP/2 without TLS as well"),
		list("mount", "serve an archive below a path: `/PATH=ARCHIVE` (repeatable)"),
		text("fallback", "serve the plain files of `DIR` after all archives"),
		yes("watch", "notice when archives are replaced"),
		yes("spa", "answer unknown paths without a known extension with index.html"),
		yes("no-listing", "no pages that list a folder"),
		yes("no-download", "no downloads of archives and folders"),
		list("header", "add `'NAME: VALUE'` to every response (repeatable)"),
		text("cache-control", "the Cache-Control of files, `VALUE`"),
		list("immutable", "files that never change under their name, `GLOB` (repeatable)"),
		list("cors", "let scripts of `ORIGIN` read answers, * for all (repeatable)"),
		list("hide", "answer as if it were not there, `GLOB` (repeatable; default dotfiles except .well-known; '' hides nothing); downloads hold it all the same"),
		text("access-log", "a line a request to `FILE`, - for standard output"),
		&cli.StringFlag{
			Name: "access-log-format", Value: "combined", Usage: "`FORMAT` is combined or json",
			Action: oneOf("access-log-format", []string{"combined", "json"}),
		},
		text("admin", "health, metrics and archives at `ADDR`: HOST:PORT or unix:PATH; never where strangers reach it"),
		after("header-timeout", 10*time.Second, "for a request's header to come, `TIME`"),
		after("idle-timeout", 75*time.Second, "for the next request, `TIME`"),
		after("write-timeout", 30*time.Second, "for a client to take 128 KiB, `TIME`"),
		after("shutdown-timeout", 30*time.Second, "for transfers to finish at the end, `TIME`"),
		&cli.IntFlag{
			Name: "max-conns", Value: 16384, Usage: "connections at a time, `N` (0: no limit)", Action: inRange("max-conns", 0, math.MaxInt32),
		},
		&cli.IntFlag{
			Name: "max-conns-per-ip", Usage: "of them from one address, `N` (0: no limit)", Action: inRange("max-conns-per-ip", 0, math.MaxInt32),
		},
		&cli.IntFlag{
			Name: "max-header", Value: 16 << 10, Usage: "bytes of a request's header, `N`", Action: inRange("max-header", 1<<10, 1<<20),
		},
	}
}

// fromEnvironment sets the flags that were not given from their variables. (The library's own way splits the values of
// repeatable ones at commas, which headers and globs have.)
func fromEnvironment(c *cli.Context, flags []cli.Flag) error {
	for _, f := range flags {
		name := f.Names()[0]
		variable := "TPK_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		value, ok := os.LookupEnv(variable)
		if !ok || c.IsSet(name) || name == "help" {
			continue
		}
		values := []string{value}
		if _, repeatable := f.(*cli.StringSliceFlag); repeatable {
			values = strings.Split(strings.TrimSuffix(value, "\n"), "\n")
		}
		for _, v := range values {
			if err := c.Set(name, v); err != nil {
				return usagef("serve: %s=%s: %v", variable, quoteName(v), err)
			}
		}
		if action, ok := f.(cli.ActionableFlag); ok {
			if err := action.RunAction(c); err != nil {
				return err
			}
		}
	}
	return nil
}

// serveOptions returns the server's options of the command line.
func serveOptions(c *cli.Context) (*serve.Options, *serve.RunOptions, error) {
	mode, err := strconv.ParseUint(c.String("socket-mode"), 8, 9)
	if err != nil {
		return nil, nil, usagef("serve: --socket-mode %s: it is octal digits, 0660", quoteName(c.String("socket-mode")))
	}
	sc := &serve.Options{
		Fallback: c.String("fallback"),
		SPA:      c.Bool("spa"), Listing: !c.Bool("no-listing"), NoDownload: c.Bool("no-download"),
		CacheControl: c.String("cache-control"), Immutable: c.StringSlice("immutable"), CORS: c.StringSlice("cors"),
		WriteTimeout: c.Duration("write-timeout"), AccessFormat: c.String("access-log-format"),
	}
	run := &serve.RunOptions{
		Watch: c.Bool("watch"), Admin: c.String("admin"),
		Listen: c.StringSlice("listen"), Sockets: c.StringSlice("socket"), SocketMode: fs.FileMode(mode),
		Inherit:  os.Getenv("LISTEN_FDS") != "",
		CertFile: c.String("tls-cert"), KeyFile: c.String("tls-key"), H2C: c.Bool("h2c"),
		HeaderTimeout: c.Duration("header-timeout"), IdleTimeout: c.Duration("idle-timeout"),
		ShutdownTimeout: c.Duration("shutdown-timeout"),
		MaxConns:        c.Int("max-conns"), MaxConnsPerIP: c.Int("max-conns-per-ip"), MaxHeader: c.Int("max-header"),
	}
	if c.IsSet("hide") {
		sc.Hide = []string{}
		for _, g := range c.StringSlice("hide") {
			if g != "" {
				sc.Hide = append(sc.Hide, g)
			}
		}
	}
	for _, h := range c.StringSlice("header") {
		name, value, ok := strings.Cut(h, ":")
		if !ok {
			return nil, nil, usagef("serve: --header %s: it is 'NAME: VALUE'", quoteName(h))
		}
		sc.Header = append(sc.Header, serve.Field{Name: name, Value: strings.TrimSpace(value)})
	}
	if len(run.Listen) == 0 && len(run.Sockets) == 0 && !run.Inherit {
		run.Listen = []string{"127.0.0.1:8080"}
	}
	return sc, run, serveArchives(c, sc, run.Admin)
}

// serveArchives puts together what is served where.
func serveArchives(c *cli.Context, sc *serve.Options, admin string) error {
	for _, name := range tarpack.JoinShards(c.Args().Slice()) {
		if fi, err := os.Stat(name); err == nil && fi.IsDir() {
			if sc.Fallback != "" || c.NArg() > 1 {
				return usagef("serve: %s is a directory: it is served alone, or is the --fallback", quoteName(name))
			}
			sc.Fallback, sc.Nested = name, true
			continue
		}
		sc.Archives = append(sc.Archives, serve.Archive{Path: name})
	}
	for _, m := range c.StringSlice("mount") {
		path, name, ok := strings.Cut(m, "=")
		if !ok || !strings.HasPrefix(path, "/") || name == "" {
			return usagef("serve: --mount %s: it is /PATH=ARCHIVE", quoteName(m))
		}
		sc.Archives = append(sc.Archives, serve.Archive{Path: name, Mount: path})
	}
	if len(sc.Archives) == 0 && sc.Fallback == "" && admin == "" {
		return usagef("serve: too few arguments: usage: %s", c.Command.UsageText)
	}
	return nil
}
