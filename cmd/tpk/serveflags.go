package main

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/handover"
	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/remote"
)

// serveFlags returns the flags of serve. Each of them can be set by a variable as well.
func serveFlags() []cli.Flag {
	list := func(name, usage string) cli.Flag {
		return &cli.StringSliceFlag{Name: name, Usage: usage}
	}
	text := func(name, usage string) cli.Flag { return &cli.StringFlag{Name: name, Usage: usage} }
	number := func(name string, value, low, high int, usage string) cli.Flag {
		check := flags.InRange(name, low, high)
		return &cli.IntFlag{Name: name, Value: value, Usage: usage, Action: check}
	}
	timeout := func(name string, d time.Duration, usage string) cli.Flag {
		return &cli.DurationFlag{Name: name, Value: d, Usage: usage, Action: flags.Positive(name)}
	}
	return append(slices.Concat(flags.Trust(), flags.Remote()),
		list("listen", "listen on `ADDRESS`: HOST:PORT, http://HOST:PORT, https://HOST:PORT or"+
			" unix:PATH (repeatable; default: 127.0.0.1:8080)"),
		list("socket", "listen on the Unix socket `PATH` (repeatable)"),
		&cli.StringFlag{
			Name: "socket-mode", Value: "0660",
			Usage: "set the permissions of Unix sockets to `OCTAL`",
		},
		list("tls-cert", "serve HTTPS with the certificate chain in the PEM `FILE`;"+
			" it is read again when it changes (repeatable: the client's server name decides)"),
		list("tls-key", "use the private key in the PEM `FILE` (repeatable, in the order of"+
			" --tls-cert)"),
		flags.Switch("no-redirect", "answer requests to http:// addresses instead of redirecting them"+
			" to https"),
		&cli.IntFlag{
			Name: "redirect-port", DefaultText: "that of the first https:// address",
			Usage:  "redirect to port `N` of https, where clients don't see tpk's own port",
			Action: flags.InRange("redirect-port", 1, 65535),
		},
		flags.Switch("h2c", "also serve HTTP/2 without TLS"),
		list("mount", "serve an archive or a directory below a path: `/PATH=FILE` (repeatable)"),
		list("live", "serve the directory `DIR` and follow its changes, or below a path: /PATH=DIR"+
			" (repeatable)"),
		text("fallback", "serve files from the directory `DIR` that are in no archive"),
		flags.Switch("watch", "reload archives when they are replaced"),
		&cli.DurationFlag{
			Name: "poll", DefaultText: "never", Action: flags.Positive("poll"),
			Usage: "look every `TIME`, such as 10s, whether archives on servers were replaced," +
				" and reload these",
		},
		list("allow-remote", "allow URLs below `PREFIX` for --mount and the admin server"+
			" (repeatable)"),
		flags.NoConvert(),
		flags.Switch("spa", "answer unknown paths without a known file extension with index.html"),
		flags.Switch("no-listing", "don't list directories"),
		flags.Switch("no-download", "don't offer downloads of archives and directories"),
		list("type", "send files with the extension EXT as TYPE: `EXT=TYPE`, such as md=text/plain"+
			" (repeatable)"),
		list("header", "add the header field `'NAME: VALUE'` to every response (repeatable)"),
		text("cache-control", "send `VALUE` as Cache-Control of files"),
		list("immutable", "files that match `GLOB` never change:"+
			" let clients cache them for good (repeatable)"),
		list("gzipped", "files that match `GLOB` are gzip inside, such as '*.js.gz': send them with"+
			" Content-Encoding (repeatable; .pbf, .mvt and .svgz always)"),
		list("identity", "send files that match `GLOB` without Content-Encoding,"+
			" so that clients can read ranges of them (repeatable)"),
		list("cors", "let scripts from `ORIGIN` read responses; * is any origin (repeatable)"),
		list("hide", "also hide paths that match `GLOB`, besides dotfiles except .well-known;"+
			" '' clears this list (repeatable)"),
		text("htpasswd", "ask clients for a user and password of `FILE`, which htpasswd -B writes;"+
			" it is read again when it changes"),
		list("sandbox", "sandbox documents below `PATH`, such as /docs, by a"+
			" Content-Security-Policy; / is all (repeatable)"),
		flags.Switch("no-site-config", "serve the files _redirects and _headers as all others"),
		flags.Switch("trust-site-config", "let _headers set fields that act on the whole host,"+
			" such as Set-Cookie"),
		flags.Switch("check", "open the archives, report lines of _redirects and _headers that"+
			" aren't used, and exit"),
		list("trust-proxy", "take the client's address from this proxy: `ADDRESS`, a prefix such as"+
			" 10.0.0.0/8, or unix (repeatable)"),
		&cli.StringFlag{
			Name: "proxy-header", Value: "x-forwarded-for",
			Usage:  "the field in which these proxies name it: `NAME`, x-forwarded-for or forwarded",
			Action: flags.OneOf("proxy-header", []string{"x-forwarded-for", "forwarded"}),
		},
		text("access-log", "log requests to `FILE`, one per line; - is standard output"),
		&cli.StringFlag{
			Name: "access-log-format", Value: "combined",
			Usage:  "log in this `FORMAT`, combined or json",
			Action: flags.OneOf("access-log-format", []string{"combined", "json"}),
		},
		text("admin", "serve health, metrics and archives at `ADDRESS`, HOST:PORT or unix:PATH;"+
			" keep it private"),
		timeout("header-timeout", 10*time.Second, "wait `TIME` for the header of a request"),
		timeout("idle-timeout", 75*time.Second,
			"close a connection after `TIME` without a request"),
		timeout("write-timeout", 30*time.Second, "wait `TIME` for a client to receive 128 KiB"),
		timeout("shutdown-timeout", 30*time.Second,
			"wait `TIME` for requests in progress at the end"),
		timeout("drain-timeout", 5*time.Minute,
			"wait `TIME` for requests in progress after SIGUSR2"),
		number("max-conns", 16384, 0, math.MaxInt32,
			"accept at most `N` connections at a time; 0 is no limit"),
		number("max-conns-per-ip", 0, 0, math.MaxInt32,
			"accept at most `N` connections from an address; 0 is no limit"),
		number("max-requests-per-ip", 0, 0, 1_000_000,
			"answer at most `N` requests a second of an address; 0 is no limit"),
		number("burst", 0, 0, 1_000_000,
			"of these, answer `N` at once; 0 is ten times --max-requests-per-ip"),
		number("max-downloads-per-ip", 0, 0, math.MaxInt32,
			"send at most `N` archives and folders at a time to an address; 0 is no limit"),
		number("max-searches-per-ip", 0, 0, math.MaxInt32,
			"do at most `N` searches and comparisons at a time for an address; 0 is no limit"),
		number("max-searches", 64, 1, math.MaxInt32,
			"do at most `N` searches and comparisons at a time for all"),
		list("unlimited", "set no limits on clients at this `ADDRESS`, or in a prefix such as"+
			" 10.0.0.0/8 (repeatable)"),
		number("max-header", 16<<10, 1<<10, 1<<20, "accept request headers of at most `N` bytes"),
	)
}

// optionFlags are the flags of the options whose values package serve checks.
var optionFlags = map[string]string{
	"AccessFormat": "access-log-format", "Admin": "admin", "CORS": "cors",
	"CacheControl": "cache-control", "Certificates": "tls-cert", "Gzipped": "gzipped",
	"Header": "header", "Hide": "hide", "Identity": "identity", "Immutable": "immutable",
	"Listen": "listen", "Live": "live", "Mount": "mount", "RedirectPort": "redirect-port",
	"Sandbox": "sandbox",
	"Trust":   "public-key", "TrustProxy": "trust-proxy", "Types": "type", "Unlimited": "unlimited",
}

type serveOptions struct {
	serve serve.Options
	run   serve.RunOptions
	check bool // open the archives, and exit

	opener  *reading.Opener
	allowed reading.Prefixes
	former  *handover.Line // to the process that this one takes over from
}

// parseServe returns the options from the command line and the environment.
func parseServe(c *cli.Context) (*serveOptions, error) {
	if err := flags.FromEnvironment(c); err != nil {
		return nil, err
	}
	mode, err := strconv.ParseUint(c.String("socket-mode"), 8, 9)
	if err != nil {
		return nil, report.Usagef("serve: --socket-mode %s: must be octal digits, such as 0660",
			report.Quote(c.String("socket-mode")))
	}
	o := &serveOptions{check: c.Bool("check")}
	sc, run := &o.serve, &o.run
	*sc = serve.Options{
		Fallback: c.String("fallback"), SPA: c.Bool("spa"), Listing: !c.Bool("no-listing"),
		CacheDir: reading.ServiceCacheDir(), NoConvert: c.Bool(flags.NoConvertName),
		NoDownload: c.Bool("no-download"), CacheControl: c.String("cache-control"),
		Gzipped: c.StringSlice("gzipped"), Identity: c.StringSlice("identity"),
		Immutable: c.StringSlice("immutable"), CORS: c.StringSlice("cors"),
		TrustProxy: c.StringSlice("trust-proxy"), ProxyForwarded: c.String("proxy-header") == "forwarded",
		MaxRequestsPerIP: c.Int("max-requests-per-ip"), Burst: c.Int("burst"),
		MaxDownloadsPerIP: c.Int("max-downloads-per-ip"), MaxSearches: c.Int("max-searches"),
		MaxSearchesPerIP: c.Int("max-searches-per-ip"), Unlimited: c.StringSlice("unlimited"),
		WriteTimeout: c.Duration("write-timeout"), AccessFormat: c.String("access-log-format"),
		PasswordFile: c.String("htpasswd"), Sandbox: c.StringSlice("sandbox"),
		NoSiteConfig:    c.Bool("no-site-config"),
		TrustSiteConfig: c.Bool("trust-site-config"),
	}
	*run = serve.RunOptions{
		Watch: c.Bool("watch"), Poll: c.Duration("poll"), Admin: c.String("admin"),
		Listen: c.StringSlice("listen"), Sockets: c.StringSlice("socket"), SocketMode: fs.FileMode(mode),
		Inherit:      os.Getenv("LISTEN_FDS") != "",
		Certificates: certificates(c.StringSlice("tls-cert"), c.StringSlice("tls-key")),
		H2C:          c.Bool("h2c"),
		NoRedirect:   c.Bool("no-redirect"), RedirectPort: c.Int("redirect-port"),
		HeaderTimeout: c.Duration("header-timeout"), IdleTimeout: c.Duration("idle-timeout"),
		ShutdownTimeout: c.Duration("shutdown-timeout"), DrainTimeout: c.Duration("drain-timeout"),
		MaxConns: c.Int("max-conns"), MaxConnsPerIP: c.Int("max-conns-per-ip"),
		MaxHeader: c.Int("max-header"),
	}
	for _, g := range c.StringSlice("hide") {
		if g == "" {
			sc.Hide, sc.HideMore = []string{}, nil // dotfiles as well
			continue
		}
		sc.HideMore = append(sc.HideMore, g)
	}
	for _, t := range c.StringSlice("type") {
		ext, name, ok := strings.Cut(t, "=")
		if !ok {
			return nil, report.Usagef("serve: --type %s: must be EXT=TYPE, such as md=text/plain",
				report.Quote(t))
		}
		if sc.Types == nil {
			sc.Types = map[string]string{}
		}
		if was, ok := sc.Types[ext]; ok && was != name {
			return nil, report.Usagef("serve: --type %s: %s has another type already",
				report.Quote(t), report.Quote(ext))
		}
		sc.Types[ext] = name
	}
	for _, h := range c.StringSlice("header") {
		name, value, ok := strings.Cut(h, ":")
		if !ok {
			return nil, report.Usagef("serve: --header %s: must be 'NAME: VALUE'", report.Quote(h))
		}
		field := serve.Field{Name: name, Value: strings.TrimSpace(value)}
		sc.Header = append(sc.Header, field)
	}
	if run.Former, o.former, err = handover.Receive(); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(run.Former, serve.NamedListener.FromSystemd) {
		run.Inherit = true
	}
	if len(run.Listen) == 0 && len(run.Sockets) == 0 && !run.Inherit {
		run.Listen = []string{"127.0.0.1:8080"}
	}
	if sc.Trust, err = flags.ReadTrust(c); err != nil {
		return nil, err
	}
	ro, err := flags.ReadRemote(c)
	if err != nil {
		return nil, err
	}
	sc.CacheDir, sc.CacheSize = cmp.Or(ro.CacheDir, sc.CacheDir), ro.CacheSize
	o.opener = &reading.Opener{Flags: ro, Trust: sc.Trust}
	for _, p := range c.StringSlice("allow-remote") {
		if err := o.allowed.Add(p); err != nil {
			return nil, report.Usagef("serve: --allow-remote %s: %v",
				report.Quote(reading.ShownURL(p)), err)
		}
	}
	sc.Resolve = o.resolve
	return o, serveArchives(c, o)
}

// certificates pairs certificates with their keys. An unpaired one has no key, or no certificate.
func certificates(certs, keys []string) []serve.Certificate {
	pairs := make([]serve.Certificate, max(len(certs), len(keys)))
	for i, name := range certs {
		pairs[i].CertFile = name
	}
	for i, name := range keys {
		pairs[i].KeyFile = name
	}
	return pairs
}

// addRemote adds an archive on a server to the configuration.
func (o *serveOptions) addRemote(url, mount string, within *reading.Prefixes) error {
	open, err := o.opener.Open(url, within)
	if err != nil {
		return err
	}
	o.serve.Archives = append(o.serve.Archives,
		serve.Archive{Path: reading.ShownURL(url), Mount: mount, Open: open})
	return nil
}

// resolve is serve.Options.Resolve for the URLs that are allowed.
func (o *serveOptions) resolve(
	name string,
) (shown string, open func(context.Context) (*tarpack.Archive, error), err error) {
	if !remote.IsURL(name) {
		return "", nil, nil
	}
	shown = reading.ShownURL(name)
	if err := o.allowed.Check(name); err != nil {
		return shown, nil, fmt.Errorf("%s: %w", shown, err)
	}
	open, err = o.opener.Open(name, &o.allowed)
	return shown, open, err
}

// serveArchives adds the archives and directories to the configuration.
func serveArchives(c *cli.Context, o *serveOptions) error {
	sc := &o.serve
	for _, name := range tarpack.JoinShards(c.Args().Slice()) {
		onServer, err := reading.IsRemote(c, name)
		if err != nil {
			return err
		}
		if onServer {
			if err := o.addRemote(name, "", nil); err != nil {
				return err
			}
			continue
		}
		if fi, err := os.Stat(name); err == nil && fi.IsDir() {
			if sc.Fallback != "" || c.NArg() > 1 {
				return report.Usagef("serve: %s: is a directory: serve it alone, or use --fallback",
					report.Quote(name))
			}
			sc.Fallback, sc.Nested = name, true
			continue
		}
		sc.Archives = append(sc.Archives, serve.Archive{Path: name})
	}
	for _, m := range c.StringSlice("mount") {
		path, name, ok := strings.Cut(m, "=")
		if !ok || !strings.HasPrefix(path, "/") || name == "" {
			return report.Usagef("serve: --mount %s: must be /PATH=ARCHIVE or /PATH=DIR", report.Quote(m))
		}
		onServer, err := reading.IsRemote(c, name)
		if err != nil {
			return err
		}
		if onServer {
			if err := o.allowed.Check(name); err != nil {
				return report.Usagef("serve: --mount %s=%s: %v", path,
					report.Quote(reading.ShownURL(name)), err)
			}
			if err := o.addRemote(name, path, &o.allowed); err != nil {
				return err
			}
			continue
		}
		sc.Archives = append(sc.Archives, serve.Archive{Path: name, Mount: path, Wait: c.Bool("watch")})
	}
	for _, value := range c.StringSlice("live") {
		a, err := liveDirectory(value)
		if err != nil {
			return err
		}
		sc.Archives = append(sc.Archives, a)
	}
	if len(sc.Archives) == 0 && sc.Fallback == "" && o.run.Admin == "" {
		return report.Usagef("serve: too few arguments: usage: %s", c.Command.UsageText)
	}
	return nil
}
