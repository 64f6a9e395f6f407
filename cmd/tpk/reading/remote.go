package reading

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/tarpack/cache"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/remote/blocks"
	"github.com/tarpack/tpk/tarpack/remote/object"
	"github.com/tarpack/tpk/tarpack/remote/s3"
	"github.com/tarpack/tpk/tarpack/remote/web"
	"github.com/tarpack/tpk/tarpack/signature"
	"github.com/tarpack/tpk/tarpack/source"
)

// Hints for archives on servers.
const (
	hintNoIndex = "upload its .tpi to the same place, or pack it with --embed-index;" +
		" --index=build downloads all of it"
	hintSetBuilt   = "that takes as long each time without a .tpi beside it"
	hintNoSetIndex = "upload its .tpi to the same place;" +
		" --index=build makes one from those of the shards"
	hintOtherIndex = "upload the archive and its .tpi together; --index=build downloads all of it"
	hintBuilt      = "it is kept in the cache until the archive changes"
	hintAuthority  = "--cacert FILE trusts the authority whose certificate is in FILE"
	hintTruncated  = "upload it again, or download it and save the intact entries with 'tpk repair'"
	hintMissing    = "check the URL"
	hintHost       = "check the URL, and the network"
	hintAnswer     = "check the URL; the server must support byte ranges, and not compress the file"
	hintDenied     = "check the credentials: netrc or --http-header, or those of S3"
	hintTryAgain   = "try again later"
	hintList       = "upload its list, or give the archive another name"
	hintShard      = "upload all its shards, and after them the list and its .tpi"
	hintForeign    = "check the URL; a file of another program must be downloaded first"
)

var commandOfFiles = regexp.MustCompile(`'tpk (convert|repair|index|compact)\b`)

var scheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)

// IsRemote reports whether a name is that of an archive on a server. The URL of something else is a
// usage error, unless it is the name of a file.
func IsRemote(c *cli.Context, name string) (bool, error) {
	if remote.IsURL(name) {
		u, err := url.Parse(name)
		if err == nil && !strings.EqualFold(u.Scheme, "s3") {
			if err := web.CheckPort(u); err != nil {
				return false, report.Usagef("%s: %s: %v", c.Command.Name, report.Quote(ShownURL(name)), err)
			}
		}
		return true, nil
	}
	found := scheme.FindString(name)
	if found == "" {
		return false, nil
	}
	if _, err := os.Lstat(name); err == nil {
		return false, nil
	}
	if strings.EqualFold(found, "file://") {
		return false, report.Usagef("%s: %s: name the file without file://", c.Command.Name,
			report.Quote(name))
	}
	return false, report.Usagef("%s: %s: an archive on a server must have a URL with https://,"+
		" http:// or s3://", c.Command.Name, report.Quote(name))
}

// openRemote opens an archive on a server.
func openRemote(
	c *cli.Context, m *terminal.Meter, url string, ro *flags.RemoteOptions, trust *signature.Trust,
) (*cache.Archive, error) {
	o, err := remoteOptions(url, ro, nil)
	if err != nil {
		return nil, err
	}
	o.BuildIndex, o.Trust, o.Progress = ro.BuildIndex, trust, m.Update
	var weak atomic.Bool
	o.Notice = func(err error) {
		switch {
		case errors.Is(err, object.ErrWeak):
			if weak.Swap(true) {
				return // of another object of the same server
			}
		case errors.Is(err, remote.ErrBuilding):
			err = report.WithHint(err, hintBuilt)
		case errors.Is(err, format.ErrIndexRebuilt):
			err = report.WithHint(err, hintSetBuilt)
		}
		m.Notice(err)
	}
	o.Blocks = blocks.New(blocks.Options{
		Dir: cmp.Or(ro.CacheDir, CacheDir()), Limit: ro.CacheSize, Notice: m.Notice})
	a, err := remote.Open(c.Context, url, o)
	if err != nil {
		return nil, HintRemote(err)
	}
	context.AfterFunc(c.Context, func() { remote.Cancel(a, context.Cause(c.Context)) })
	return &cache.Archive{Archive: a}, nil
}

// remoteOptions returns the options with the client that asks for a URL. If within is set, it does
// not follow redirects to elsewhere.
func remoteOptions(
	url string, ro *flags.RemoteOptions, within *Prefixes,
) (o *remote.Options, err error) {
	o = &remote.Options{}
	if strings.HasPrefix(url, "s3://") {
		o.S3, err = NewS3(ro)
		return o, err
	}
	wo := &web.Options{Header: ro.Header, CAFile: ro.CAFile, Netrc: netrc()}
	if within != nil {
		wo.Redirect = within.Check
	}
	o.Web, err = web.New(wo)
	return o, err
}

// NewS3 returns the client for S3 that flags and the environment describe.
func NewS3(ro *flags.RemoteOptions) (*s3.Client, error) {
	return s3.New(&s3.Options{
		Endpoint: cmp.Or(ro.S3Endpoint, os.Getenv("AWS_ENDPOINT_URL_S3"), os.Getenv("AWS_ENDPOINT_URL")),
		CAFile:   ro.CAFile, Profile: os.Getenv("AWS_PROFILE"),
		Region: cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"))})
}

// netrc returns the name of the user's netrc file, as curl and Python look for it, or "".
func netrc() string {
	if name := os.Getenv("NETRC"); name != "" {
		return name
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	name := filepath.Join(home, ".netrc")
	if _, err := os.Stat(name); err != nil {
		return ""
	}
	return name
}

// HintRemote adds what to do about an error of an archive on a server. That of a file would be
// wrong.
func HintRemote(err error) error {
	dns := (*net.DNSError)(nil)
	switch {
	case report.HasHint(err), isLocal(err):
		return err
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return report.WithHint(err, hintAuthority)
	case errors.As(err, &dns) && dns.IsNotFound:
		return report.WithHint(err, hintHost)
	}
	for _, h := range []struct {
		err  error
		hint string
	}{
		{signature.ErrRefused, ""},
		{format.ErrNoList, hintList},
		{format.ErrShard, hintShard},
		{remote.ErrNoSetIndex, hintNoSetIndex},
		{format.ErrNoSidecar, hintNoIndex},
		{format.ErrStale, hintOtherIndex},
		{source.ErrChanged, report.HintChanged},
		{fs.ErrPermission, hintDenied},
		{object.ErrAnswer, hintAnswer},
		{source.ErrUnavailable, hintTryAgain},
		{fs.ErrNotExist, hintMissing},
		{format.ErrNotArchive, hintForeign},
	} {
		if errors.Is(err, h.err) {
			if h.hint == "" {
				return err
			}
			return report.WithHint(err, h.hint)
		}
	}
	return downloadFirst(err)
}

// isLocal reports whether err is about a file on this machine. Errors of servers have no path.
func isLocal(err error) bool {
	return errors.As(err, new(*fs.PathError)) || errors.As(err, new(*os.LinkError))
}

// downloadFirst changes the hint of an error of an archive on a server, if it names a command that
// takes files only.
func downloadFirst(err error) error {
	hint := report.Hint(err)
	switch {
	case errors.Is(err, format.ErrTruncated), errors.Is(err, gzmember.ErrTruncated):
		hint = hintTruncated
	case commandOfFiles.MatchString(hint):
		hint = "download it first; " + hint
	default:
		return err
	}
	return report.WithHint(err, hint)
}

// HintEntry returns an error of one entry, with what to do about it if the archive is on a server.
func HintEntry(a *cache.Archive, err error) error {
	if !remote.IsURL(a.Name()) {
		return err
	}
	return HintRemote(err)
}

// EndsReading reports whether an error of one entry is one of the whole archive on a server: no
// other entry can be read.
func EndsReading(err error) bool {
	return (errors.Is(err, source.ErrUnavailable) || errors.Is(err, source.ErrChanged) ||
		errors.As(err, new(*report.StoppedError))) && !errors.Is(err, format.ErrShard)
}

// NameOf returns the name of an archive for messages: that of the command line, or the URL without
// its password and query.
func NameOf(a *cache.Archive, name string) string {
	if remote.IsURL(name) {
		return a.Name()
	}
	return name
}

// A textError is an error with another text.
type textError struct {
	error
	text string
}

func (e *textError) Error() string { return e.text }
func (e *textError) Unwrap() error { return e.error }

// bare returns an error of an archive on a server that can't be reached, without what was read
// then: it begins with the archive's name.
func bare(name string, err error) error {
	if i := strings.LastIndex(err.Error(), name+": "); i > 0 && errors.Is(err, source.ErrUnavailable) {
		return &textError{err, err.Error()[i:]}
	}
	return err
}
