package plan

import "strings"

// finder finds the answer to a path: a file, its index.html, a clean URL, or a redirect.
type finder struct {
	pl          *Planner
	r           *Request
	t           Tree
	p           *Plan
	path, query string
	slash       bool // the path of the request ends in one
	unruled     bool // no rule of the site holds for the path
}

// serve answers with a file. That of path decides its media type.
func (f *finder) serve(n Node, path string) error {
	err := f.pl.representation(f.r, f.t, f.p, n, path)
	if err == nil {
		err = f.pl.siteFields(f.r, f.t, f.p, &n, f.path, path, f.slash)
	}
	f.pl.protect(f.p, &n, f.path, path)
	if f.p.announced != nil {
		f.placeLink()
	}
	return err
}

// file answers a path that does not end in a slash.
func (f *finder) file() error {
	n, err := f.pl.resolve(f.t, f.path)
	if err != nil {
		return err
	}
	if n.Kind == File {
		if f.asksView() {
			f.view(n)
			return nil
		}
		if f.wants() && f.replaced(&n) {
			return nil
		}
		return f.serve(n, f.path)
	}
	if n.Kind == Dir && f.asksOwn() != noOwnPage {
		f.redirect("./", lastName(f.path), "/")
		return nil
	}
	// A page about.html wins over a folder about, as in nginx with try_files $uri $uri.html $uri/.
	page, err := f.clean()
	if err != nil {
		return err
	}
	if page.Kind == File {
		if f.asksView() {
			f.redirect("./", lastName(f.path), ".html")
			return nil
		}
		return f.serve(page, f.p.suffixed(f.path, ".html"))
	}
	if n.Kind == Dir {
		index, err := f.shown(f.p.join(f.path, "index.html"))
		if err != nil {
			return err
		}
		found := index.Kind == File
		if !found {
			if ok, err := f.ruled(false); ok || err != nil {
				return err
			}
			if found, err = f.asksUnowned(); err != nil {
				return err
			}
		}
		if found {
			f.redirect("./", lastName(f.path), "/")
			return nil
		}
	}
	return f.missing(nil)
}

// directory answers a path that ended in a slash, or the root.
func (f *finder) directory() error {
	if ok, err := f.own(); ok || err != nil {
		return err
	}
	index := f.p.join(f.path, "index.html")
	n, err := f.shown(index)
	if err != nil {
		return err
	}
	if n.Kind == File {
		return f.serve(n, index)
	}
	if ok, err := f.ruledFolder(); ok || err != nil {
		return err
	}
	if ok, err := f.unowned(); ok || err != nil {
		return err
	}
	if f.path == "" || f.p.moved { // a redirect to ../ would lead some clients elsewhere
		return f.missing(nil)
	}
	if n, err = f.pl.resolve(f.t, f.path); err != nil || n.Kind != Missing {
		return f.missing(err)
	}
	if n, err = f.clean(); err != nil || n.Kind != File {
		return f.missing(err)
	}
	f.redirect("../", lastName(f.path), "")
	return nil
}

// clean looks up the page of a path without an extension: about.html for about.
func (f *finder) clean() (Node, error) {
	if f.path == "" {
		return Node{}, nil
	}
	return f.shown(f.p.suffixed(f.path, ".html"))
}

// shown looks up a page that a path stands for. A hidden one is missing.
func (f *finder) shown(path string) (Node, error) {
	if f.pl.hide != nil && f.pl.hidden(path) {
		return Node{}, nil
	}
	return f.pl.resolve(f.t, path)
}

// missing answers a path that names nothing.
func (f *finder) missing(err error) error {
	if err != nil {
		return err
	}
	if ok, err := f.ruled(false); ok || err != nil {
		return err
	}
	if f.pl.options.SPA {
		n, err := f.fallback()
		if err != nil {
			return err
		}
		if n.Kind == File {
			return f.serve(n, f.p.join(f.t.Root(f.path), "index.html"))
		}
	}
	return f.pl.notFound(f.r, f.t, f.p, f.path)
}

// fallback looks up the page of a single-page application that answers a path that names nothing.
func (f *finder) fallback() (Node, error) {
	if _, known := f.pl.lookupExtension(f.path); known {
		return Node{}, nil
	}
	return f.pl.resolve(f.t, f.p.join(f.t.Root(f.path), "index.html"))
}

// merged answers a path with empty components. If it names something without them, the answer is a
// redirect there. raw is the path as it came.
func (f *finder) merged(raw string, slash bool) error {
	n, err := f.pl.resolve(f.t, f.path)
	if err != nil {
		return err
	}
	if n.Kind != File && n.Kind != Dir {
		return f.missing(nil)
	}
	end := ""
	switch {
	case f.path == "":
	case slash:
		end = "/"
	case n.Kind == Dir:
		page, err := f.clean()
		if err != nil {
			return err
		}
		if page.Kind != File {
			end = "/"
		}
	}
	f.redirect(toRoot(raw), f.path, end)
	return nil
}

// toRoot returns the relative reference from a path to the root of the site, which a handler in
// front of this one may have moved. An empty component counts as one (RFC 3986 §5.2.4).
func toRoot(raw string) string {
	if n := strings.Count(raw, "/"); n > 1 {
		return strings.Repeat("../", n-1)
	}
	return "./"
}

// redirect sends the client to prefix + name + end, with its query. A relative reference that
// begins with "./" or "../" can't leave the site, whatever the name is (RFC 3986 §4.2).
func (f *finder) redirect(prefix, name, end string) {
	f.p.text(301, "301 Moved Permanently\n")
	loc := append(f.p.location[:0], prefix...)
	loc = appendEscaped(loc, name, pathChar)
	loc = append(loc, end...)
	if f.query != "" {
		loc = append(loc, '?')
		loc = appendEscaped(loc, f.query, queryChar)
	}
	f.p.location = loc
}

// lastName returns the last component of a path.
func lastName(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
