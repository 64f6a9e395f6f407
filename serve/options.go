package serve

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"strings"
	"time"

	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/markdown"
	"github.com/tarpack/tpk/serve/internal/pages"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/siterules"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/signature"
)

// Highlighting reports whether pages show source code in colours and render Markdown. Without, with
// the build tag minimal, they show both as text.
const Highlighting = markdown.Supported

// Pages reports whether there are pages of files, previews, overviews and comparisons, and lists
// with all that they need. Without, with the build tag minimal, lists have names, sizes and times.
const Pages = pages.Supported

// ErrOption is wrapped by the errors of New and Server.Run that are due to an option. These are
// OptionErrors.
var ErrOption = plan.ErrOption

// OptionError is the error of an option that can't be heeded. Its Option is the name of a field of
// Options, RunOptions or Archive, and its Reason begins with the value in quotes where that helps.
type OptionError = plan.OptionError

// Archive is an archive to serve, and where.
type Archive struct {
	// Path is the file, the first shard or the list of a shard set, or a device. It may be a zip, a
	// tar or a compressed tar of another program, or a directory of plain files, which is asked after
	// the archives of its Mount.
	Path  string
	Mount string // the URL path below which its files are; "" and "/" are the root
	// Wait allows for a file that is not there yet. Until Server.Reload or RunOptions.Watch finds it,
	// everything below Mount is answered with 503.
	Wait bool
	// Opened, if set, is an archive that the program has opened, for example one in memory
	// (tarpack.OpenAt) or on a source of its own (tarpack.OpenSource). Path is not used then. It
	// must stay open until Server.Close has returned.
	Opened *tarpack.Archive
	// Open, if set, opens the archive, for example one on a server (remote.Open). Path is its name in
	// messages then. The Server closes it. It is called again by Server.Reload and RunOptions.Poll if
	// the Check of the archive's source returns source.ErrChanged.
	Open func(context.Context) (*tarpack.Archive, error)
	// Live follows the directory Path, which programs change all the time and which need not exist
	// yet. Its files are served as they are at the moment of a request. In the background they are
	// compressed and their text is indexed, into CacheDir; searches find names about a second after
	// they appear. If CacheControl is "", files get "no-cache", as browsers would otherwise show old
	// ones.
	Live bool
}

// Field is a header field.
type Field struct{ Name, Value string }

// Options are what is served and how. The zero value serves nothing.
type Options struct {
	// Archives are asked in this order, those with longer mounts first. The first that has a path
	// answers.
	Archives []Archive
	// Fallback is a directory of plain files, asked after the archives; "" for none.
	Fallback string
	// Nested mounts every pack.tar.gz below Fallback in the directory it lies in, as long as it is
	// there.
	Nested bool
	// CacheDir is a directory for the indexes of archives that have none, and for files of other
	// programs, which are converted to archives. Without one, or if it can't be written, indexes are
	// kept in memory and converted files in temporary files. Nothing is written beside an archive.
	CacheDir string
	// CacheSize is how many bytes may be kept there. More is kept only while it is served. 0 means 10
	// GiB, but at most a tenth of the file system.
	CacheSize int64
	// Resolve, if set, is called with each Path in a request to the admin server. If that stands for
	// an archive that is not a file, it returns a function as Archive.Open, and the name for messages
	// and lists. An error is answered with 403, and nothing is changed. The name is returned all the
	// same: it finds an archive that is to be removed.
	Resolve func(path string) (
		name string, open func(context.Context) (*tarpack.Archive, error), err error)
	// PasswordFile is a file of users as the program htpasswd writes it, with hashes of bcrypt, SHA-1,
	// apr1, SHA-256 or SHA-512. If set, clients must give a user and password of it (RFC 7617), and
	// shared caches may not keep answers. It is read again when it changes, and by Server.Reload.
	PasswordFile string
	// Sandbox are URL paths below which documents are sandboxed: their scripts can't reach other
	// pages of the host. "/" is all of them. tpk's own pages are no documents of an archive.
	Sandbox []string
	// NoSiteConfig serves the files _redirects and _headers in the root of an archive or a directory
	// as all others. Otherwise they are not served: they redirect paths of the site, and set header
	// fields of its files.
	NoSiteConfig bool
	// TrustSiteConfig allows _headers to set fields that act beyond the files of the site, such as
	// Set-Cookie.
	TrustSiteConfig bool
	// NoConvert refuses files of other programs.
	NoConvert bool
	// Trust demands that each archive was signed: see tarpack.OpenOptions. Nothing that was not
	// signed ends an answer. Directories of plain files can't be served then.
	Trust *signature.Trust

	// SPA answers a path that is not there with the root's index.html and 200, unless the path ends
	// in a known extension.
	SPA bool
	// Listing answers a folder without index.html, and any folder for ?list, with a page or with
	// JSON.
	Listing bool
	// NoDownload turns downloads of archives and folders (?list&download=) off.
	NoDownload bool
	// Hide are globs, as of exclude.Patterns, of paths that are answered as if they were not there,
	// with everything below them. A glob without a slash is matched with each name on the path, one
	// with a slash with the path from the root; one that ends in a slash matches folders only. Nil
	// hides names that start with a dot, but not .well-known (RFC 8615). An empty list hides nothing.
	Hide []string
	// HideMore are globs that are hidden besides those of Hide. What is hidden is in no listing, no
	// search and no download either. If Hide or HideMore has a glob, no compression dictionary is used
	// (RFC 9842), since one can have text of hidden pages.
	HideMore []string
	// Types are media types by extension, as "md": "text/markdown" or "d.ts": "text/plain". They
	// take the place of what tpk would send. The longest extension counts. A text/ type gets a charset
	// if the content is UTF-8. For content that is sent with Content-Encoding: gzip, a type for an
	// extension such as "js.gz" describes the content inside.
	Types map[string]string
	// CacheControl is the Cache-Control of files (RFC 9111 §5.2), "" for none.
	CacheControl string
	// Immutable are globs, as in Hide, of files that get the Cache-Control of content that never
	// changes.
	Immutable []string
	// Gzipped are globs, as in Hide, of files whose content is gzip and that are sent with
	// Content-Encoding: gzip, such as "*.js.gz". Clients that refuse gzip get the content inflated.
	// For .pbf, .mvt and .svgz that is so without a glob.
	Gzipped []string
	// Identity are globs, as in Hide, of files that are sent as they are even to clients that accept
	// gzip. Without a content coding, clients can read them by ranges.
	Identity []string
	// CORS are the origins whose scripts may read answers, as "https://example.org". "*" stands for
	// all.
	CORS []string
	// Header are fields added to every answer.
	Header []Field

	// TrustProxy are the proxies that may name their clients, for logs and limits: addresses, prefixes
	// as "10.0.0.0/8", and "unix" for all connections by Unix sockets. They name the client in
	// X-Forwarded-For, and whether it uses TLS in X-Forwarded-Proto, or both by the PROXY protocol (1
	// and 2) at the beginning of a connection to Server.Run.
	TrustProxy []string
	// ProxyForwarded takes the field Forwarded (RFC 7239) from these proxies, and not X-Forwarded-For
	// and X-Forwarded-Proto. A proxy sets one of them, and may pass the other on as its client sent
	// it.
	ProxyForwarded bool

	// MaxRequestsPerIP is how many requests a client may send by second, 0 for no limit, and Burst how
	// many at once; 0 is ten times as many. More are answered with 429 and Retry-After.
	MaxRequestsPerIP, Burst int
	// MaxDownloadsPerIP is how many downloads of archives and folders a client may have at the same
	// time; 0 is no limit. More are answered with 429. A client is an address, or a /64 of IPv6.
	// MaxSearchesPerIP is the same for searches, comparisons and overviews; 0 is half of MaxSearches,
	// which is how many all clients may have; 0 is 64. More are answered with 503. So are those of a
	// client that has as many as are free, unless MaxSearchesPerIP is more than half.
	MaxDownloadsPerIP, MaxSearchesPerIP, MaxSearches int
	// Unlimited are addresses and prefixes of clients without limits, besides those of TrustProxy.
	Unlimited []string

	// WriteTimeout is how long a client may take for each 128 KiB of a long answer. 0 means 30 s.
	WriteTimeout time.Duration
	// AccessLog gets a line for each request, in AccessFormat: "combined" (the default) or "json".
	// It may be nil.
	AccessLog    io.Writer
	AccessFormat string
	// VerifyMetrics is a file with the results of checks of archives, as the program tpk writes it. If
	// set, the admin server's metrics have when each archive was last verified, and what was found. A
	// result counts for the archive that was verified, by its path and its index, and not for one that
	// has replaced it. The file need not be there yet.
	VerifyMetrics string
	// Log gets a line for everything that an operator should know. It may be nil, and is called by
	// several goroutines.
	Log func(message string)
}

// Certificate is a certificate of TLS with its chain, and its private key, in PEM files. They are
// read again when they change.
type Certificate struct {
	CertFile, KeyFile string
}

// RunOptions are where Server.Run listens, and what it allows clients. At least one of Listen,
// Sockets and Inherit is needed.
type RunOptions struct {
	// Listen are TCP addresses, as "127.0.0.1:8080" or ":80", and sockets, as "unix:PATH". An address
	// that begins with "http://" or "https://" speaks HTTP or TLS, whatever Certificates are.
	Listen     []string
	Sockets    []string    // paths of unix sockets
	SocketMode fs.FileMode // permissions of the unix sockets; 0 means 0660
	// Inherit also listens on the sockets that systemd passes. One with FileDescriptorName=http or
	// https is as an address in Listen that begins so.
	Inherit bool

	// Former are the listeners of a former process: see Server.HandOver. Run takes those that it
	// would otherwise open and closes the others. It accepts connections when the archives are open.
	Former []NamedListener
	// FormerArchives, unless nil, are served in place of Options.Archives: those that a former process
	// has served last. Of each, Path and Mount count. One of Options.Archives is opened as there, and
	// others as if the admin server were asked for them.
	FormerArchives []Archive

	// Certificates make Listen and inherited TCP sockets speak TLS 1.2 or 1.3, but those of http. A
	// client gets the first one that is valid for the name it asks for (RFC 6066 §3) and that it can
	// verify, or else the first of all.
	Certificates []Certificate
	// NoRedirect answers requests to the addresses of http. Without it they are redirected to https
	// if an address or an inherited socket speaks TLS, all but those below
	// /.well-known/acme-challenge/ (RFC 8555 §8.3).
	NoRedirect bool
	// RedirectPort is the port of the URLs of https that clients are redirected to, for example
	// behind a translation of ports. 0 is that of the first listener that speaks TLS.
	RedirectPort int
	H2C          bool // allow HTTP/2 without TLS, by prior knowledge (RFC 9113 §3.3)

	// Admin is the address of a server for AdminHandler, as "127.0.0.1:9090" or "unix:PATH"; "" for
	// none.
	Admin string
	// Watch reloads archives when their files have changed.
	Watch bool
	// Poll is the time between two looks at archives of Archive.Open: if one was replaced, it is
	// reloaded. 0 means that none is looked at.
	Poll time.Duration

	HeaderTimeout   time.Duration // from a head's first byte to its last; 0 means 10 s
	IdleTimeout     time.Duration // from an answer to the next request; 0 means 75 s
	ShutdownTimeout time.Duration // for answers under way when the context has ended; 0 means 30 s
	// DrainTimeout is how long answers under way, and connections that wait for a request, may last
	// after Server.HandOver; 0 means 5 minutes. When the context has ended, ShutdownTimeout counts.
	DrainTimeout  time.Duration
	MaxConns      int // connections at a time; 0 means no limit
	MaxConnsPerIP int // connections from one address at a time; 0 means no limit
	MaxHeader     int // bytes of a request's head; 0 means 16 KiB

	// Ready is called with the addresses of the listeners as soon as the archives are open. Each is
	// an Address. It may be nil.
	Ready func(addresses []net.Addr)
}

// check returns an error if the archive can't be served whatever the system does. hidden reports
// whether a path is never answered.
func (a *Archive) check(o *Options, hidden func(path string) bool) error {
	if a.Live && o.Trust != nil {
		return plan.BadOption("Trust", "plain files, as in %s, are never signed", a.Path)
	}
	_, err := paths.Mount(a.Mount, hidden)
	var option *OptionError
	if a.Live && errors.As(err, &option) {
		return plan.BadOption("Live", "%s", option.Reason)
	}
	return err
}

// plan returns the options that decide what an answer is.
func (o *Options) plan() plan.Options {
	p := plan.Options{
		SPA: o.SPA, Listing: o.Listing, NoDownload: o.NoDownload, Hide: o.Hide,
		HideMore:     o.HideMore,
		CacheControl: o.CacheControl, Types: o.Types,
		Immutable: o.Immutable, CORS: o.CORS, Gzipped: o.Gzipped, Identity: o.Identity,
		Sandbox: o.Sandbox,
	}
	for _, f := range o.Header {
		p.Header = append(p.Header, plan.Field(f))
	}
	return p
}

// check returns an error if the options can't be carried out whatever the system does.
func (o *RunOptions) check() error {
	for _, c := range o.Certificates {
		if c.CertFile == "" || c.KeyFile == "" {
			return plan.BadOption("Certificates", "a certificate and its key go together")
		}
	}
	for _, address := range o.Listen {
		if err := checkListen(address, len(o.Certificates) > 0); err != nil {
			return err
		}
	}
	if o.RedirectPort < 0 || o.RedirectPort > 65535 {
		return plan.BadOption("RedirectPort", "%d: it is a port from 1 to 65535", o.RedirectPort)
	}
	if o.Admin != "" && !strings.HasPrefix(o.Admin, "unix:") {
		return checkAddress("Admin", o.Admin)
	}
	return nil
}

// checkAddress returns an error if a TCP address of an option is malformed.
func checkAddress(option, address string) error {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return plan.BadOption(option, "%q: it is HOST:PORT, as 127.0.0.1:8080 or :80", address)
	}
	return nil
}

// rules returns what the files _redirects and _headers may ask for, or nil.
func (o *Options) rules() *siterules.Options {
	if o.NoSiteConfig {
		return nil
	}
	return &siterules.Options{Trust: o.TrustSiteConfig}
}
