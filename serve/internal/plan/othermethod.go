package plan

// otherMethod plans a request whose method is neither GET, HEAD nor OPTIONS. A line of _redirects
// sends its client on: with 307 and 308 to a server that takes such requests. All else is refused.
func (pl *Planner) otherMethod(r *Request, t Tree, p *Plan) error {
	if ok, err := pl.sentOn(r, t, p); ok || err != nil {
		return err
	}
	p.reset(pl.fixed)
	if len(pl.options.CORS) > 0 {
		p.origin = pl.allowedOrigin(r.Origin)
	}
	p.text(405, "405 Method Not Allowed\n")
	p.allow = true
	return nil
}

// sentOn answers with the redirect of a line of _redirects. It reports whether there is one, for a
// path that is no file, or is forced.
func (pl *Planner) sentOn(r *Request, t Tree, p *Plan) (bool, error) {
	raw, query, ok := splitTarget(r.Target)
	if !ok {
		return false, nil
	}
	path, slash, shape := p.decode(raw)
	if shape != goodPath || pl.hides(path, slash) {
		return false, nil
	}
	if _, ok, err := t.Rules(path, 0, r.Now); err != nil || !ok {
		return false, err
	}
	f := finder{pl: pl, r: r, t: t, p: p, path: path, slash: slash, query: query}
	if ok, err := f.beforeAll(); ok || err != nil {
		return p.Status/100 == 3, err
	}
	if n, err := f.shown(path); err != nil || n.Kind == File {
		return false, err
	}
	if n, err := f.clean(); err != nil || n.Kind == File {
		return false, err
	}
	if n, err := f.shown(p.join(path, "index.html")); err != nil || n.Kind == File {
		return false, err
	}
	ok, err := f.ruled(false)
	return ok && p.Status/100 == 3, err
}
