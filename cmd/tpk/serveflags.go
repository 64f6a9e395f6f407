package main

import (
	"math"
	"slices"
	"time"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
)

// serveFlags returns the flags of serve. Each of them can be set by a variable as well.
func serveFlags() []cli.Flag {
	return slices.Concat(listenFlags(), servedFlags(), answerFlags(), proxyFlags(), operateFlags(),
		limitFlags(), flags.Trust(), flags.Remote())
}

// listenFlags are where the server listens.
func listenFlags() []cli.Flag {
	return []cli.Flag{
		listFlag("listen", "listen on `ADDRESS`: HOST:PORT, http://HOST:PORT, https://HOST:PORT or"+
			" unix:PATH (repeatable; default: 127.0.0.1:8080)"),
		listFlag("socket", "listen on the Unix socket `PATH` (repeatable)"),
		&cli.StringFlag{
			Name: "socket-mode", Value: "0660",
			Usage: "set the permissions of Unix sockets to `OCTAL`",
		},
		listFlag("tls-cert", "serve HTTPS with the certificate chain in the PEM `FILE`;"+
			" it is read again when it changes (repeatable: the client's server name decides)"),
		listFlag("tls-key", "use the private key in the PEM `FILE` (repeatable, in the order of"+
			" --tls-cert)"),
		flags.Switch("no-redirect", "answer requests to http:// addresses instead of redirecting them"+
			" to https"),
		&cli.IntFlag{
			Name: "redirect-port", DefaultText: "the port of the first https:// address",
			Usage:  "redirect to port `N` of https, where clients don't see tpk's own port",
			Action: flags.InRange("redirect-port", 1, 65535),
		},
		flags.Switch("h2c", "also serve HTTP/2 without TLS"),
	}
}

// servedFlags are what is served.
func servedFlags() []cli.Flag {
	return []cli.Flag{
		listFlag("mount", "serve an archive or a directory below a path: `/PATH=FILE`, such as"+
			" /std=std.tar.gz (repeatable)"),
		listFlag("live", "serve the directory `DIR` and follow its changes, or below a path: /PATH=DIR"+
			" (repeatable)"),
		textFlag("fallback", "serve files from the directory `DIR` that are in no archive"),
		flags.Switch("watch", "reload archives when they are replaced"),
		&cli.DurationFlag{
			Name: "poll", DefaultText: "never", Action: flags.Positive("poll"),
			Usage: "look every `TIME`, such as 10s, whether archives on servers were replaced," +
				" and reload these",
		},
		listFlag("allow-remote", "allow URLs below `PREFIX` for --mount and the admin server"+
			" (repeatable)"),
		flags.NoConvert(),
	}
}

// answerFlags are how requests are answered.
func answerFlags() []cli.Flag {
	return []cli.Flag{
		flags.Switch("spa", "answer unknown paths without a known file extension with index.html"),
		flags.Switch("no-listing", "don't list directories"),
		flags.Switch("no-download", "don't offer downloads of archives and directories"),
		listFlag("type", "send files with an extension as a media type: `EXT=TYPE`, such as"+
			" md=text/plain (repeatable)"),
		listFlag("header", "add the header field `'NAME: VALUE'` to every response (repeatable)"),
		textFlag("cache-control", "send `VALUE` as Cache-Control of files"),
		listFlag("immutable", "files that match `GLOB` never change:"+
			" let clients cache them for good (repeatable)"),
		listFlag("gzipped", "files that match `GLOB` are gzip inside, such as '*.js.gz': send them with"+
			" Content-Encoding (repeatable; .pbf, .mvt and .svgz always)"),
		listFlag("identity", "send files that match `GLOB` without Content-Encoding,"+
			" so that clients can read ranges of them (repeatable)"),
		listFlag("cors", "let scripts from `ORIGIN` read responses; * is any origin (repeatable)"),
		listFlag("hide", "also hide paths that match `GLOB`, besides dotfiles except .well-known;"+
			" '' clears this list (repeatable)"),
		textFlag("htpasswd", "ask clients for a user and password of `FILE`, which htpasswd -B writes;"+
			" it is read again when it changes"),
		listFlag("sandbox", "sandbox documents below `PATH`, such as /docs, by a"+
			" Content-Security-Policy; / is all (repeatable)"),
		flags.Switch("no-site-config", "serve the files _redirects and _headers as all others"),
		flags.Switch("trust-site-config", "let _headers set fields that act on the whole host,"+
			" such as Set-Cookie"),
		flags.Switch("check", "open the archives, report lines of _redirects and _headers that"+
			" aren't used, and exit"),
	}
}

// proxyFlags are which proxies are believed.
func proxyFlags() []cli.Flag {
	return []cli.Flag{
		listFlag("trust-proxy", "take the client's address from this proxy: `ADDRESS`, a prefix such as"+
			" 10.0.0.0/8, or unix (repeatable)"),
		&cli.StringFlag{
			Name: "proxy-header", Value: "x-forwarded-for",
			Usage:  "the field in which these proxies name it: `NAME`, x-forwarded-for or forwarded",
			Action: flags.OneOf("proxy-header", []string{"x-forwarded-for", "forwarded"}),
		},
	}
}

// operateFlags are for the operator.
func operateFlags() []cli.Flag {
	return []cli.Flag{
		textFlag("access-log", "log requests to `FILE`, one per line; - is standard output"),
		&cli.StringFlag{
			Name: "access-log-format", Value: "combined",
			Usage:  "log in this `FORMAT`, combined or json",
			Action: flags.OneOf("access-log-format", []string{"combined", "json"}),
		},
		textFlag("admin", "serve health, metrics and archives at `ADDRESS`, HOST:PORT or unix:PATH;"+
			" keep it private"),
		textFlag("verify-metrics", "show in these metrics what verify --metrics wrote to `FILE`"),
	}
}

// limitFlags are what clients may take.
func limitFlags() []cli.Flag {
	return []cli.Flag{
		timeoutFlag("header-timeout", 10*time.Second, "wait `TIME` for the header of a request"),
		timeoutFlag("idle-timeout", 75*time.Second,
			"close a connection after `TIME` without a request"),
		timeoutFlag("write-timeout", 30*time.Second, "wait `TIME` for a client to receive 128 KiB"),
		timeoutFlag("shutdown-timeout", 30*time.Second,
			"wait `TIME` for requests in progress at the end"),
		timeoutFlag("drain-timeout", 5*time.Minute,
			"wait `TIME` for requests in progress after SIGUSR2"),
		numberFlag("max-conns", 16384, 0, math.MaxInt32,
			"accept at most `N` connections at a time; 0 is no limit"),
		numberFlag("max-conns-per-ip", 0, 0, math.MaxInt32,
			"accept at most `N` connections from an address; 0 is no limit"),
		numberFlag("max-requests-per-ip", 0, 0, 1_000_000,
			"answer at most `N` requests a second of an address; 0 is no limit"),
		numberFlag("burst", 0, 0, 1_000_000,
			"of these, answer `N` at once; 0 is ten times --max-requests-per-ip"),
		numberFlag("max-downloads-per-ip", 0, 0, math.MaxInt32,
			"send at most `N` archives and directories at a time to an address; 0 is no limit"),
		numberFlag("max-searches-per-ip", 0, 0, math.MaxInt32,
			"do at most `N` searches and comparisons at a time for an address; 0 is half of"+
				" --max-searches"),
		numberFlag("max-searches", 64, 1, math.MaxInt32,
			"do at most `N` searches and comparisons at a time for all"),
		listFlag("unlimited", "set no limits on clients at this `ADDRESS`, or in a prefix such as"+
			" 10.0.0.0/8 (repeatable)"),
		numberFlag("max-header", 16<<10, 1<<10, 1<<20, "accept request headers of at most `N` bytes"),
	}
}

// listFlag returns a flag that may be repeated.
func listFlag(name, usage string) cli.Flag {
	return &cli.StringSliceFlag{Name: name, Usage: usage}
}

// textFlag returns a flag with a text.
func textFlag(name, usage string) cli.Flag { return &cli.StringFlag{Name: name, Usage: usage} }

// numberFlag returns a flag with a number between low and high.
func numberFlag(name string, value, low, high int, usage string) cli.Flag {
	check := flags.InRange(name, low, high)
	return &cli.IntFlag{Name: name, Value: value, Usage: usage, Action: check}
}

// timeoutFlag returns a flag with a time that is more than zero.
func timeoutFlag(name string, d time.Duration, usage string) cli.Flag {
	return &cli.DurationFlag{Name: name, Value: d, Usage: usage, Action: flags.Positive(name)}
}
