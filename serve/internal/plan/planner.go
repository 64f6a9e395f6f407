package plan

import (
	"strings"

	"github.com/tarpack/tpk/serve/internal/ascii"
)

// Plan makes p the answer to a request. p may have been used before. If the Tree fails, p is a 500
// and the error is for the log.
func (pl *Planner) Plan(r *Request, t Tree, p *Plan) error {
	p.reset(pl.fixed)
	if len(pl.options.CORS) > 0 {
		p.origin = pl.allowedOrigin(r.Origin)
	}
	if r.BadHost {
		p.text(400, "400 Bad Request\n")
		p.noContent = r.Method == "HEAD"
		return nil
	}
	if moves(r) {
		p.secure(r)
		p.noContent = r.Method == "HEAD"
		return nil
	}
	if r.Access == Denied && r.Method != "OPTIONS" { // browsers ask that without a password
		p.unauthorized()
		p.noContent = r.Method == "HEAD"
		return nil
	}
	var err error
	switch r.Method {
	case "GET", "HEAD":
		p.private = r.Access == Private
		if err = pl.answer(r, t, p); err != nil {
			p.Fail()
		}
	case "OPTIONS":
		p.Status = 204
		p.allow = true
		p.preflight = r.Origin != "" && r.RequestMethod != ""
	default:
		if err = pl.otherMethod(r, t, p); err != nil {
			p.Fail()
		}
	}
	p.noContent = r.Method == "HEAD"
	return err
}

// answer plans GET and HEAD.
func (pl *Planner) answer(r *Request, t Tree, p *Plan) error {
	raw, query, ok := splitTarget(r.Target)
	if !ok {
		p.text(400, "400 Bad Request\n")
		return nil
	}
	path, slash, shape := p.decode(raw)
	switch {
	case shape == badPath:
		p.text(400, "400 Bad Request\n")
		return nil
	case shape == slashPath, pl.hides(path, slash):
		return pl.notFound(r, t, p, "")
	}
	f := finder{pl: pl, r: r, t: t, p: p, path: path, slash: slash, query: query}
	if ok, err := f.beforeAll(); ok || err != nil {
		return err
	}
	switch {
	case shape == doublePath:
		return f.merged(raw, slash)
	case slash:
		return f.directory()
	}
	return f.file()
}

// notFound answers a path that is not there: with the root's 404.html, if it has one, else with a
// page of tpk's own for browsers, if folders are listed.
func (pl *Planner) notFound(r *Request, t Tree, p *Plan, path string) error {
	name := p.join(t.Root(path), "404.html")
	n, err := pl.resolve(t, name)
	if err != nil {
		return err
	}
	if n.Kind != File {
		p.text(404, "404 Not Found\n")
		if pl.options.Listing {
			pl.missingPage(r, t, p, path)
		}
		return nil
	}
	return pl.page(r, t, p, n, name, path)
}

// missingPage gives p, a 404, a page if the client is a browser. After dot segments there is none,
// as clients resolve its references in different ways.
func (pl *Planner) missingPage(r *Request, t Tree, p *Plan, path string) {
	p.fields = "Vary: Accept\r\n"
	raw, _, ok := splitTarget(r.Target)
	if !ok || p.moved || !acceptsHTML(r.Accept) {
		return
	}
	l := &Listing{Missing: true, Path: strings.Clone(path), Root: toRoot(raw)}
	if !strings.Contains(raw, "//") { // where references count other names than the path has
		l.Near = pl.nearest(t, l.Path)
	}
	p.Body = Body{Kind: ListingBody, Listing: l}
}

// maxUp is how many names at the end of a path nearest leaves out before it takes the root.
const maxUp = 8

// nearest returns the path of the nearest folder above a path that names nothing; "" is the root.
func (pl *Planner) nearest(t Tree, path string) string {
	for range maxUp {
		i := strings.LastIndexByte(path, '/')
		if i < 0 {
			break
		}
		path = path[:i]
		n, err := pl.resolve(t, path)
		if err != nil {
			break
		}
		if n.Kind == Dir {
			return path
		}
	}
	return ""
}

// page makes p a 404 with a file as its page. It is negotiated, but has no validators, since it is
// not the resource that was asked for, at path.
func (pl *Planner) page(r *Request, t Tree, p *Plan, n Node, name, path string) error {
	plain := *r
	plain.Range, plain.IfMatch, plain.IfNoneMatch = "", "", ""
	plain.IfModifiedSince, plain.IfUnmodifiedSince = "", ""
	err := pl.representation(&plain, t, p, n, name)
	if p.Status == 200 {
		p.Status = 404
	}
	p.ranges, p.tagged, p.modTime, p.CacheControl = false, false, 0, ""
	p.announced = nil
	if err == nil && p.Status == 404 {
		err = pl.siteFields(r, t, p, &n, path, name, false)
		p.CacheControl = ""
	}
	pl.protect(p, &n, path, name)
	return err
}

// join returns dir/name in the plan's scratch memory, until the next call of join or suffixed.
func (p *Plan) join(dir, name string) string {
	p.scratch = p.scratch[:0]
	if dir != "" {
		p.scratch = append(append(p.scratch, dir...), '/')
	}
	p.scratch = append(p.scratch, name...)
	return ascii.UnsafeString(p.scratch)
}

// suffixed returns path+suffix in the plan's scratch memory, as join does.
func (p *Plan) suffixed(path, suffix string) string {
	p.scratch = append(append(p.scratch[:0], path...), suffix...)
	return ascii.UnsafeString(p.scratch)
}
