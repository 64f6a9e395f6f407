package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/serve"
)

func serveCommand() *cli.Command {
	return &cli.Command{
		Name:      "serve",
		Usage:     "answer HTTP from archives",
		UsageText: "tpk serve [flags] ARCHIVE... | DIR",
		Description: `Serves the files of the archives; the first that has a path wins. With a directory, its plain files are served, and
every pack.tar.gz in it stands for the directory it lies in, as long as it is there, and is no file of it then.

Files go out as they are compressed in the archive to whoever accepts gzip. / and DIR/ show index.html, /about finds
about.html, what is not there gets the archive's 404.html. /?download=tar.gz sends the archive itself, DIR/?download=zip
or tar.gz any folder, made of the bytes that are there. A download holds what --hide hides as well: --no-download turns
downloads off. Where several archives have a folder it is the first one's. A folder without index.html, or with ?list, is a page.

Archives change without a pause: on SIGHUP, with --watch, or by the admin server: GET /archives lists them, POST adds
{"path": "FILE", "mount": "/PATH"} or a list of these, PUT serves that list and nothing else, DELETE /archives?path=FILE
removes; POST /reload is like SIGHUP. Transfers under way finish on the old files. SIGINT and SIGTERM end the server after
they have finished, another one, a second later or more, at once.

Every flag is also an environment variable: --cache-control is TPK_CACHE_CONTROL; a repeatable one takes a line each.` +
			examples(
				"tpk serve site.tar.gz",
				"tpk serve tiles-00000-of-00016.tar.gz",
				"tpk serve --listen :80 --watch --cache-control max-age=300 site.tar.gz",
				"tpk serve --mount /std=std.tar.gz --mount /book=book.tar.gz --fallback /srv/www",
				"tpk serve --listen :443 --tls-cert cert.pem --tls-key key.pem --admin 127.0.0.1:9090 site.tar.gz"),
		Flags:  serveFlags(),
		Action: runServe,
	}
}

func runServe(c *cli.Context) error {
	if err := fromEnvironment(c, c.Command.Flags); err != nil {
		return err
	}
	sc, run, err := serveOptions(c)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	sc.Log = func(message string) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(c.App.ErrWriter, "tpk: "+oneLine(message))
	}
	run.Ready = func(addresses []net.Addr) {
		for _, a := range addresses {
			sc.Log("serving on " + serveURL(a, run.CertFile != ""))
		}
	}
	switch name := c.String("access-log"); name {
	case "":
	case "-":
		sc.AccessLog = c.App.Writer
	default:
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
		if err != nil {
			return err
		}
		defer f.Close()
		sc.AccessLog = f
	}
	server, err := serve.New(*sc)
	if err != nil {
		return optionError(err)
	}
	defer server.Close()
	reloadOnHangup(c, server, sc.Log)
	// This program does nothing else, so it has an event loop for each processor. See serve.Server.Run.
	runtime.GOMAXPROCS(2 * runtime.GOMAXPROCS(0))
	return optionError(server.Run(c.Context, *run))
}

// optionError returns err as an error of usage if an option is the reason.
func optionError(err error) error {
	if errors.Is(err, serve.ErrOption) {
		return usagef("serve: %v", err)
	}
	return err
}

// reloadOnHangup makes SIGHUP reload the archives, for as long as the process lives; it ends other commands.
func reloadOnHangup(c *cli.Context, server *serve.Server, log func(string)) {
	signal.Reset(syscall.SIGHUP)
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	go func() {
		for range hangup {
			if err := server.Reload(c.Context); c.Context.Err() != nil {
				return // it ends
			} else if err != nil {
				log("SIGHUP: the old archives are still served: " + err.Error())
			} else {
				log("SIGHUP: archives reloaded")
			}
		}
	}()
}

// serveURL is what to open for an address.
func serveURL(a net.Addr, secure bool) string {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return a.Network() + ":" + a.String()
	}
	scheme := "http"
	if secure {
		scheme = "https"
	}
	return scheme + "://" + tcp.String() + "/"
}
