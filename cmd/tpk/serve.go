package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/serve"
)

const aboutServe = `
Serves the files in the archives. If several contain a path, the first archive is used. With a
directory, serves its files; each pack.tar.gz in it is served as the directory that contains
it, and not as a file.

A tar or zip of another program is converted first, and an archive without an index is indexed.
Nothing is written beside them: the results are kept in $CACHE_DIRECTORY, which systemd sets for
CacheDirectory=, or in $XDG_CACHE_HOME/tpk (~/.cache/tpk). Until then, the answers are 503.

Clients that accept gzip are sent the compressed bytes straight from the archive, others get them
decompressed. / and DIR/ answer with index.html, /about with about.html if there is no file about.
Paths that don't exist are answered with the archive's 404.html. A directory without index.html, or
with ?list, is listed.

If ARCHIVE.tpv is beside the archive (see 'tpk help variants'), clients are
sent the shortest coding of a file that they accept: brotli, zstd, or zstd
with a dictionary, which pages announce. With --hide, dictionaries are off.

/?list&download=tar.gz sends the archive itself. DIR/?list&download=zip or tar.gz sends a directory,
from the compressed bytes that are there. If several archives contain it, the first one's is sent.
--no-download turns downloads off. Without the key list, a query never changes the answer where the
site has a page; elsewhere ?download=, ?q= and ?format=json work without it.

Dotfiles, except .well-known, and what --hide adds are answered with 404. They are in no listing, no
search and no download. --hide '' clears the list: nothing is hidden but what further --hide add.

If 'tpk index --text' has written ARCHIVE.tpx, searches also find the words of documents:
?list&q=TEXT&in=text. It is used as long as it belongs to ARCHIVE as it is, and never for an ARCHIVE
that must be signed.

ARCHIVE may be a URL, as for 'tpk ls'. What is downloaded is kept in the same directory. While the
server of an archive can't be reached, files that are there are sent, and the others are answered
with 503. An archive that was replaced there is opened again with --poll, on SIGHUP, or by the admin
server. --mount and the admin server take URLs only below an --allow-remote.

--listen http://:80 --listen https://:443 serves both: with --tls-cert, requests to an address of
http:// are redirected to https, but those below /.well-known/acme-challenge/. HOST:PORT alone is
https if there is a --tls-cert. A socket of systemd with FileDescriptorName=http or https is as such
an address.

Behind a proxy, --trust-proxy with its address makes the access log and the limits see the clients:
in X-Forwarded-For (the address furthest to the right that is no such proxy) and X-Forwarded-Proto,
in Forwarded with --proxy-header forwarded, or by the PROXY protocol, version 1 or 2. What others
send in these is ignored.

The limits for an address hold for a /64 of IPv6. What is above --max-requests-per-ip,
--max-downloads-per-ip or --max-searches-per-ip is answered with 429, and above --max-searches with
503, both with Retry-After. Trusted proxies and --unlimited addresses have no such limits.

--mount serves an archive or a directory of plain files below a path. The paths that lead there are
listed. With --watch it need not exist yet: until it does, the path is answered with 503.

--live serves a directory that programs write all the time, such as the output of a documentation
generator. Each answer is the file as it is at that moment. In the background, files are compressed
and their text is indexed, in the same directory as above: searches find a new name after about a
second. The directory need not exist yet, and may be removed or replaced: until it is there, the
answers are 503. Files get Cache-Control: no-cache unless --cache-control says otherwise.

Archives can be replaced without a pause by renaming new files: on SIGHUP, with --watch, or by the
admin server. Requests in progress are finished from the old files. While a program writes over an
archive that is served, as cp, scp and rsync --inplace do, its files are answered with 503; a tar or
zip of another program is served as it was until the new one is complete and converted.

With --public-key, every archive must have a valid signature: see 'tpk help sign'. Each file is
checked when it is first asked for. A new archive is served once its signature is there. Plain files
are never signed: DIR, --fallback and --live are refused.

The files _redirects and _headers in the root of an archive or a directory have
the syntax of Netlify and Cloudflare Pages. They redirect paths of the site, send
other pages in place of them, or 404 and 410, and give its files header fields.
They are not served themselves. Nothing is fetched from other servers. --check
reports lines that aren't used.

--htpasswd asks each client for a user and password, for everything but the admin
server. Lines of FILE have hashes of bcrypt (htpasswd -B), apr1, SHA-1, SHA-256 or
SHA-512. Passwords can be read on the way without HTTPS. Caches that several clients
share keep no answer.

All mounts share one origin: scripts of one archive can read the others. --sandbox
makes that impossible for documents below a path. Their scripts run, but have no
storage and no cookies, and web fonts and modules need --cors null.

The admin server has these requests:
 GET /archives               list the archives
 POST /archives              add {"path": "FILE", "mount": "/PATH"} or a list
 POST /archives?at=top       the same, before the archives that are served
 PUT /archives               serve this list instead
 DELETE /archives?path=FILE  stop serving an archive; with &mount=/PATH,
                             the one that is mounted there
 POST /reload                open all archives again, like SIGHUP

On SIGINT, SIGTERM or SIGQUIT, the server finishes the requests in progress and exits. On a second
signal, a second or more later, it exits at once.

On SIGUSR2 the server starts tpk again, from the file that has its name now and with the same
arguments and variables, and hands over what it listens on. When the new process has opened the
archives, this one finishes the requests in progress, for at most --drain-timeout, and exits. No
connection is refused meanwhile. If the new process fails to start, this one goes on. What the admin
server has added and removed is handed over, too; only a restart forgets it. Windows has no SIGUSR2.

SIGUSR1 opens the access log again, after it was renamed, and so does SIGHUP. A service manager is
told when the server is ready, reloads and ends, and its watchdog that the server answers: see
sd_notify(3).

Windows has no SIGHUP and SIGUSR1: use --watch or the admin server there, and Ctrl-C to end. Where
there is no Linux, an idle connection takes more memory, and archives on disk that are written over
are noticed by their size and time only.

Each flag can be set by an environment variable: TPK_CACHE_CONTROL is --cache-control. The values of
a repeatable flag are separated by newlines.`

func serveCommand() *cli.Command {
	return &cli.Command{
		Name:      "serve",
		Usage:     "serve archives over HTTP",
		UsageText: "tpk serve [flags] ARCHIVE... | DIR",
		Description: help.Text(aboutServe,
			"an archive can't be read or an address can't be used",
			"tpk serve site.tar.gz",
			"tpk serve tiles-00000-of-00016.tar.gz",
			"tpk serve --listen :80 --watch --cache-control max-age=300 site.tar.gz",
			"tpk serve --mount /std=std.tar.gz --mount /book=book.tar.gz",
			"tpk serve --live target/doc --mount /std=std.tar.gz",
			"tpk serve --listen :443 --tls-cert cert.pem --tls-key key.pem site.tar.gz"),
		Flags:  serveFlags(),
		Action: action(parseServe, runServe),
	}
}

func runServe(c *cli.Context, o *serveOptions) error {
	sc := &o.serve
	var mu sync.Mutex
	sc.Log = func(message string) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(c.App.ErrWriter, report.Say(message))
	}
	o.opener.Notice = sc.Log
	if o.check {
		return checkServer(c, o)
	}
	var access *logFile
	switch name := c.String("access-log"); name {
	case "":
	case "-":
		sc.AccessLog = c.App.Writer
	default:
		var err error
		if access, err = openLog(name); err != nil {
			return err
		}
		defer access.Close()
		sc.AccessLog = access
	}
	return runServer(c, o, access)
}

// runServer serves until the command is interrupted.
func runServer(c *cli.Context, o *serveOptions, access *logFile) error {
	sc := &o.serve
	server, err := serve.New(*sc)
	if err != nil {
		return optionError(err)
	}
	defer server.Close()
	manager := supervisor{log: sc.Log}
	var telling sync.WaitGroup
	defer telling.Wait()
	ctx, cancel := context.WithCancelCause(c.Context)
	defer cancel(nil)
	next := &succession{server: server, manager: manager, end: cancel, given: make(chan struct{})}
	telling.Go(func() {
		select {
		case <-next.given:
		case <-ctx.Done():
			manager.stopping()
		}
	})
	o.run.Ready = func(addresses []net.Addr) {
		var urls []string
		for _, a := range addresses {
			url := serveURL(a)
			urls = append(urls, url)
			if !terminal.IsQuiet(c) {
				sc.Log("serving on " + url)
			}
		}
		o.former.Ready()
		manager.ready("Serving on " + strings.Join(urls, " "))
		telling.Go(func() { manager.watch(ctx, next.given, server.Alive) })
	}
	answerSignals(ctx, c, access, next)
	// This program does nothing else, so it has an event loop for each processor. See
	// serve.Server.Run.
	runtime.GOMAXPROCS(2 * runtime.GOMAXPROCS(0))
	keepSmall()
	err = optionError(server.Run(ctx, o.run))
	if cause := context.Cause(ctx); errors.Is(cause, errSuccessorEnded) {
		return cause
	}
	return err
}

// optionError returns err as an error of usage if an option is the reason.
func optionError(err error) error {
	var option *serve.OptionError
	if errors.As(err, &option) {
		return report.Usagef("serve: --%s: %s", optionFlags[option.Option], option.Reason)
	}
	return err
}

// serveURL returns the URL of an address that is served.
func serveURL(a net.Addr) string {
	if a.Network() != "tcp" {
		return a.Network() + ":" + a.String()
	}
	scheme := "http"
	if served, ok := a.(serve.Address); ok && served.Secure {
		scheme = "https"
	}
	return scheme + "://" + a.String() + "/"
}
