package main

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/handover"
	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/remote"
)

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
	if err := checkPairs(c); err != nil {
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
		VerifyMetrics:   c.String("verify-metrics"),
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
	if err := parseAnswers(c, sc); err != nil {
		return nil, err
	}
	if o.former, err = handover.Receive(run); err != nil {
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

// parseAnswers sets the options of lists whose values have a form of their own.
func parseAnswers(c *cli.Context, sc *serve.Options) error {
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
			return report.Usagef("serve: --type %s: must be EXT=TYPE, such as md=text/plain",
				report.Quote(t))
		}
		if sc.Types == nil {
			sc.Types = map[string]string{}
		}
		if was, ok := sc.Types[ext]; ok && was != name {
			return report.Usagef("serve: --type %s: %s has another type already",
				report.Quote(t), report.Quote(ext))
		}
		sc.Types[ext] = name
	}
	for _, h := range c.StringSlice("header") {
		name, value, ok := strings.Cut(h, ":")
		if !ok {
			return report.Usagef("serve: --header %s: must be 'NAME: VALUE'", report.Quote(h))
		}
		field := serve.Field{Name: name, Value: strings.TrimSpace(value)}
		sc.Header = append(sc.Header, field)
	}
	return nil
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
