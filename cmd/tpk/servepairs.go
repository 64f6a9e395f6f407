package main

import (
	"os"
	"slices"
	"strings"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/tarpack/remote"
)

// checkPairs returns an error if a flag is set without the one that gives it a meaning, or with one
// that takes it away. What would be ignored is most likely a mistake.
func checkPairs(c *cli.Context) error {
	for _, p := range []struct{ flag, of string }{
		{"burst", "max-requests-per-ip"}, {"proxy-header", "trust-proxy"}, {"verify-metrics", "admin"},
		{"access-log-format", "access-log"}, {"redirect-port", "tls-cert"}, {"no-redirect", "tls-cert"},
	} {
		if c.IsSet(p.flag) && !c.IsSet(p.of) {
			return report.Usagef("serve: --%s needs --%s", p.flag, p.of)
		}
	}
	for _, p := range []struct{ flag, other string }{
		{"redirect-port", "no-redirect"}, {"trust-site-config", "no-site-config"},
	} {
		if c.IsSet(p.flag) && c.Bool(p.other) {
			return report.Usagef("serve: --%s can't be used with --%s", p.flag, p.other)
		}
	}
	for _, flag := range []string{"poll", "allow-remote"} {
		if c.IsSet(flag) && !c.IsSet("admin") && !servesURLs(c) {
			return report.Usagef("serve: --%s needs the URL of an archive, or --admin", flag)
		}
	}
	return checkListeners(c)
}

// servesURLs reports whether something that is served is on a server.
func servesURLs(c *cli.Context) bool {
	return slices.ContainsFunc(c.Args().Slice(), remote.IsURL) ||
		slices.ContainsFunc(c.StringSlice("mount"), func(m string) bool {
			_, name, _ := strings.Cut(m, "=")
			return remote.IsURL(name)
		})
}

// checkListeners returns an error for a flag of listeners that there are not. Those that systemd
// passes on are not known yet.
func checkListeners(c *cli.Context) error {
	if os.Getenv("LISTEN_FDS") != "" {
		return nil
	}
	listens := func(scheme string) bool {
		return slices.ContainsFunc(c.StringSlice("listen"), func(address string) bool {
			return strings.HasPrefix(address, scheme)
		})
	}
	for _, flag := range []string{"redirect-port", "no-redirect"} {
		if c.IsSet(flag) && !listens("http://") {
			return report.Usagef("serve: --%s needs an address of --listen with http://", flag)
		}
	}
	if c.IsSet("socket-mode") && !c.IsSet("socket") && !listens("unix:") {
		return report.Usagef("serve: --socket-mode needs --socket")
	}
	return nil
}
