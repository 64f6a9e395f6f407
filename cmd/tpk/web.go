package main

import (
	"errors"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/website"
)

type webOptions struct {
	archive, dir, url string
	noScripts         bool
}

func webCommand() *cli.Command {
	return &cli.Command{
		Name:      "web",
		Usage:     "make an archive a web site on a server without tpk",
		UsageText: "tpk web [--no-scripts] [--url URL] ARCHIVE OUT",
		Description: help.Text(`
Writes index.html, 404.html, tpk-sw.js and tpk-reader.js into the directory OUT. Copy them, ARCHIVE
and its index to one directory of any web server that answers requests for ranges, such as nginx, or
of a bucket in S3: then that directory is the web site in ARCHIVE. Nothing else is needed, and
ARCHIVE can be replaced at any time.

In the browser, a service worker answers every path below the directory out of ARCHIVE, with the
same rules as 'tpk serve': index.html, about.html for /about, 404.html, media types, ranges, and a
list of each directory without a page, or of any directory with ?list. It reads only the parts of
ARCHIVE that it needs, and keeps them for use without a network. Browsers run service workers from
https:// and localhost only.

The scripts in ARCHIVE run with the rights of every other page of the server, so publish only
archives that you trust, or set --no-scripts. Signatures are not checked.

With --url ARCHIVE lies elsewhere. A server with another name than that of OUT must allow it (CORS),
with Content-Range and ETag among the fields that scripts may see.`,
			"ARCHIVE can't be read or has no index, or OUT can't be written",
			"tpk web site.tar.gz public",
			"tpk web --no-scripts docs.tar.gz public/docs",
			"tpk web --url https://files.example.org/site.tar.gz site.tar.gz public"),
		Flags: []cli.Flag{
			flags.Switch("no-scripts", "forbid scripts in the pages of ARCHIVE"),
			&cli.StringFlag{
				Name: "url", DefaultText: "beside the files in OUT",
				Usage: "read ARCHIVE from `URL`, which may be relative to OUT",
			},
		},
		Action: action(parseWeb, runWeb),
	}
}

func parseWeb(c *cli.Context) (*webOptions, error) {
	args, err := flags.Arguments(c, 2, 2)
	if err != nil {
		return nil, err
	}
	o := &webOptions{archive: args[0], dir: args[1], url: c.String("url"),
		noScripts: c.Bool("no-scripts")}
	u, err := url.Parse(o.url)
	if err != nil || u.Scheme != "" && u.Scheme != "https" && u.Scheme != "http" ||
		u.User != nil || c.IsSet("url") && u.Path == "" {
		return nil, report.Usagef("web: --url %s: must be the https URL of an archive,"+
			" or be relative to OUT", report.Quote(o.url))
	}
	return o, nil
}

func runWeb(c *cli.Context, o *webOptions) error {
	m := terminal.NewMeter(c, "writing")
	defer m.Stop()
	name, err := checkWebArchive(c, o.archive)
	if err != nil {
		return err
	}
	w := website.Options{Archive: o.url, NoScripts: o.noScripts}
	inside := true
	if o.url == "" {
		w.Archive, inside = webReference(name, o.dir)
	}
	if err := website.Write(o.dir, &w); err != nil {
		return err
	}
	m.Stop()
	if inside {
		m.Summarize("wrote the viewer of %s to %s", report.Quote(o.archive), report.Quote(o.dir))
	} else {
		m.Summarize("wrote the viewer of %s to %s: copy the archive and its index there, too",
			report.Quote(o.archive), report.Quote(o.dir))
	}
	return nil
}

// checkWebArchive checks that an archive can be read with the index that it has. It returns the
// name of the archive, or that of the list of a set.
func checkWebArchive(c *cli.Context, name string) (string, error) {
	a, err := tarpack.Open(c.Context, name, &tarpack.OpenOptions{RequireSidecar: true})
	if errors.Is(err, format.ErrNoSidecar) || errors.Is(err, format.ErrStale) {
		return "", report.WithHint(err, "'tpk index' writes the index, which browsers can't")
	}
	if err != nil {
		return "", err
	}
	if err := a.Close(); err != nil {
		return "", err
	}
	if list, isSet, err := tarpack.SetList(name); err != nil {
		return "", err
	} else if isSet {
		name = list
	}
	return name, nil
}

// webReference returns the URL of an archive, relative to the files of the viewer, and whether it
// is in or below their directory. If it is not, it is taken to get there under its own name.
func webReference(name, dir string) (reference string, inside bool) {
	rel := filepath.Base(name)
	full, err := filepath.Abs(name)
	to, err2 := filepath.Abs(dir)
	if err == nil && err2 == nil {
		if r, err := filepath.Rel(to, full); err == nil && filepath.IsLocal(r) {
			rel, inside = r, true
		}
	}
	u := url.URL{Path: filepath.ToSlash(rel)}
	return "./" + strings.TrimPrefix(u.EscapedPath(), "./"), inside
}
