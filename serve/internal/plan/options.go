package plan

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/tarpack/tpk/tarpack/exclude"
)

// ErrOption is wrapped by every OptionError.
var ErrOption = errors.New("bad option")

// OptionError is the error of an option that can't be heeded.
type OptionError struct {
	Option string // its name, as "Gzipped"
	Reason string
}

// BadOption returns an OptionError. The format and its arguments are the reason.
func BadOption(option, format string, args ...any) error {
	return &OptionError{option, fmt.Sprintf(format, args...)}
}

func (e *OptionError) Error() string {
	return fmt.Sprintf("%v %s: %s", ErrOption, e.Option, e.Reason)
}

// Unwrap returns ErrOption.
func (e *OptionError) Unwrap() error { return ErrOption }

// Field is a header field.
type Field struct{ Name, Value string }

// Options are an operator's choices: see serve.Options. The zero value serves files as they are.
type Options struct {
	// SPA answers a path that is not there with the root's index.html and 200, unless the path ends
	// in a known extension.
	SPA bool
	// Listing shows a folder without index.html, and any folder for ?list, as a page or as JSON.
	Listing bool
	// NoDownload answers ?list&download= with a 404.
	NoDownload bool
	// Hide are globs, as of exclude.Patterns, of paths that are answered as if they were not there,
	// with everything below them. Nil hides names that start with a dot, but not
	// .well-known (RFC 8615). An empty list hides nothing.
	Hide []string
	// HideMore are globs that are hidden besides those of Hide.
	HideMore []string
	// Types are media types by extension, without the dot and in lower case. They take the place of
	// those of the table and of the content.
	Types map[string]string
	// CacheControl is the Cache-Control of files, "" for none.
	CacheControl string
	// Immutable are globs, as in Hide, of files that get the Cache-Control Immutable.
	Immutable []string
	// Gzipped are globs, as in Hide, of files whose content is gzip and that are sent with
	// Content-Encoding: gzip, or inflated. Of .pbf, .mvt and .svgz that is so without a glob.
	Gzipped []string
	// Identity are globs, as in Hide, of files that are sent as they are, with ranges, to clients that
	// accept gzip, too.
	Identity []string
	// Sandbox are paths below which documents are sandboxed. "/" is all of them.
	Sandbox []string
	// CORS are the origins whose scripts may read answers. "*" stands for all.
	CORS []string
	// Header are fields added to every response.
	Header []Field
}

// Planner makes plans. It is safe for concurrent use.
type Planner struct {
	options Options
	hide    *exclude.Patterns // of Hide and HideMore
	dots    bool              // names that start with a dot are hidden
	immut   *exclude.Patterns

	gzipped, identity *exclude.Patterns

	sandbox []string // paths without slashes at their ends

	noDictionaries bool // what is hidden may be in them

	types  map[string]media // by extension
	fixed  string           // rendered fields of every response
	server bool             // fixed has a Server field
	// skips reports whether a site can't set a field, as the operator has: see siterules.Fields.
	skips        func(lower string) bool
	skipsPrivate func(lower string) bool // for answers that only some clients may have
	seed         uint64                  // of multipart boundaries
}

// ownFields are header fields that can't be configured by Options.Header: they describe the body,
// or have an option of their own.
var ownFields = []string{
	"accept-ranges", "access-control-allow-origin", "cache-control", "connection",
	"content-encoding", "content-length",
	"content-range", "content-type", "date", "etag", "keep-alive", "last-modified", "location",
	"repr-digest",
	"te", "trailer",
	"transfer-encoding", "upgrade", "vary",
}

// New checks the options. Its error is an OptionError.
func New(o Options) (*Planner, error) {
	pl := &Planner{options: o, seed: rand.Uint64()}
	var err error
	pl.dots = o.Hide == nil
	pl.noDictionaries = len(o.Hide)+len(o.HideMore) > 0
	for _, globs := range []struct {
		option   string
		list     []string
		compiled **exclude.Patterns
	}{
		{"Hide", slices.Concat(o.Hide, o.HideMore), &pl.hide},
		{"Immutable", o.Immutable, &pl.immut},
		{"Gzipped", o.Gzipped, &pl.gzipped},
		{"Identity", o.Identity, &pl.identity},
	} {
		if *globs.compiled, err = compileGlobs(globs.list); err != nil {
			return nil, BadOption(globs.option, "%v", err)
		}
	}
	if pl.sandbox, err = compileSandbox(o.Sandbox); err != nil {
		return nil, err
	}
	if pl.types, err = compileTypes(o.Types); err != nil {
		return nil, err
	}
	if !validValue(o.CacheControl) {
		return nil, BadOption("CacheControl", "%q is no field value", o.CacheControl)
	}
	for _, f := range o.Header {
		if !httpguts.ValidHeaderFieldName(f.Name) {
			return nil, BadOption("Header", "%q: a name has letters, digits and hyphens", f.Name)
		}
		if !validValue(f.Value) {
			return nil, BadOption("Header", "%q: %q is no field value", f.Name, f.Value)
		}
		if slices.Contains(ownFields, strings.ToLower(f.Name)) {
			return nil, BadOption("Header", "%q is set by the server itself", f.Name)
		}
	}
	for _, f := range o.Header {
		pl.fixed += f.Name + ": " + f.Value + "\r\n"
		pl.server = pl.server || strings.EqualFold(f.Name, "Server")
	}
	for _, origin := range o.CORS {
		if !validOrigin(origin) {
			return nil, BadOption("CORS", "origin %q: it is *, or as https://example.org", origin)
		}
	}
	if len(o.CORS) > 0 && !slices.Contains(o.CORS, "*") {
		pl.fixed += "Vary: Origin\r\n"
	}
	pl.skips = skippedFields(&o)
	pl.skipsPrivate = func(lower string) bool { return sharedCaches[lower] || pl.skips(lower) }
	return pl, nil
}

// validValue reports whether a text can be a field's value (RFC 9110 §5.5).
func validValue(text string) bool {
	return httpguts.ValidHeaderFieldValue(text) && strings.TrimSpace(text) == text
}

// validOrigin reports whether a browser can send a text as Origin: a scheme and a host with or
// without a port (RFC 6454 §6.2), or "null". It also accepts "*".
func validOrigin(origin string) bool {
	if origin == "*" || origin == "null" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Scheme != "" && u.Host != "" && validValue(origin) &&
		origin == strings.ToLower(u.Scheme+"://"+u.Host) && !strings.HasSuffix(origin, ":")
}

// NamesServer reports whether the configured fields have a Server, which replaces the default one.
func (pl *Planner) NamesServer() bool { return pl.server }

// allowedOrigin returns the Access-Control-Allow-Origin for a request's Origin, "" for none.
func (pl *Planner) allowedOrigin(origin string) string {
	for _, o := range pl.options.CORS {
		if o == "*" || o == origin {
			return o
		}
	}
	return ""
}

// cacheControl returns the Cache-Control of the file at path.
func (pl *Planner) cacheControl(path string) string {
	if pl.immut.MatchBelow(path, false) {
		return Immutable
	}
	return pl.options.CacheControl
}

// hidden reports whether a path must not be answered. A slash at its end means that it is a folder.
func (pl *Planner) hidden(path string) bool {
	name, folder := strings.CutSuffix(path, "/")
	return pl.hides(name, folder)
}

// hides is hidden for a path without a slash at its end. What hides files hides folders, too.
func (pl *Planner) hides(path string, folder bool) bool {
	return pl.hide.MatchBelow(path, folder) || pl.dots && dotted(path)
}

// dotted reports whether a name on a path starts with a dot and is not .well-known (RFC 8615).
func dotted(path string) bool {
	if !strings.HasPrefix(path, ".") && !strings.Contains(path, "/.") {
		return false // found out faster than below
	}
	for i := 0; i < len(path); i++ {
		if path[i] != '.' || i > 0 && path[i-1] != '/' {
			continue
		}
		name := path[i:]
		if !strings.HasPrefix(name, ".well-known") || len(name) > len(".well-known") &&
			name[len(".well-known")] != '/' {
			return true
		}
	}
	return false
}

// compileGlobs returns nil for an empty list.
func compileGlobs(globs []string) (*exclude.Patterns, error) {
	if len(globs) == 0 {
		return nil, nil
	}
	var x exclude.Patterns
	for _, g := range globs {
		if err := x.Add(g); err != nil {
			return nil, err
		}
	}
	return &x, nil
}
