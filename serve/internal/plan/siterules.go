package plan

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/tarpack/tpk/serve/internal/ascii"
	"github.com/tarpack/tpk/serve/internal/siterules"
)

// ruled is memory of a Plan that only sites with rules need.
type ruled struct {
	answer siterules.Answer
	fields siterules.Fields
}

// rules returns the memory for rules.
func (p *Plan) rules() *ruled {
	if p.ruled == nil {
		p.ruled = &ruled{}
	}
	return p.ruled
}

// skippedFields returns the function that reports whether a site can't set a header field, because
// the operator has set it. A field of which several are combined can be set.
func skippedFields(o *Options) func(lower string) bool {
	fixed := map[string]bool{}
	for _, f := range o.Header {
		fixed[strings.ToLower(f.Name)] = true
	}
	delete(fixed, "content-security-policy")
	cors := len(o.CORS) > 0
	return func(lower string) bool {
		return fixed[lower] || cors && strings.HasPrefix(lower, "access-control-")
	}
}

// beforeAll answers what rules decide before a path is looked up: lines of _redirects that are
// forced, and the files with rules, which are not served. It reports whether it has answered.
func (f *finder) beforeAll() (bool, error) {
	rules, ok, err := f.t.Rules(f.path, 0, f.r.Now)
	if err != nil || !ok {
		return false, err
	}
	if f.isRules(f.path) {
		return true, f.pl.notFound(f.r, f.t, f.p, f.path)
	}
	if f.query != "" && (f.asksOwn() != noOwnPage || f.asksView()) {
		return false, nil
	}
	for i := 0; ok; {
		if rules.HasForced() {
			return f.ruled(true)
		}
		i++
		if rules, ok, err = f.t.Rules(f.path, i, f.r.Now); err != nil {
			return false, err
		}
	}
	return false, nil
}

// isRules reports whether a path is that of a file with rules.
func (f *finder) isRules(path string) bool {
	for _, name := range siterules.Files {
		if rest, ok := strings.CutSuffix(path, name); ok {
			root := f.t.Root(path)
			return rest == "" && root == "" || rest == root+"/" && root != ""
		}
	}
	return false
}

// ruledFolder answers for a folder without index.html, unless there is a page of its name.
func (f *finder) ruledFolder() (bool, error) {
	if _, ok, err := f.t.Rules(f.path, 0, f.r.Now); err != nil || !ok {
		return false, err
	}
	if n, err := f.clean(); err != nil || n.Kind == File {
		return false, err
	}
	return f.ruled(false)
}

// ruled answers with the first line of _redirects that holds for the path. With forced set, it does
// so only if that holds for paths that are there, too. It reports whether it has answered.
func (f *finder) ruled(forced bool) (bool, error) {
	for i := 0; !f.unruled; i++ {
		rules, ok, err := f.t.Rules(f.path, i, f.r.Now)
		if err != nil {
			return false, err
		}
		if !ok {
			f.unruled = !forced
			break
		}
		root := f.t.Root(f.path)
		r := f.pl.ruleRequest(f.r, root, f.path, f.slash)
		r.Query = f.query
		if a := &f.p.rules().answer; rules.Answer(&r, forced, a) {
			f.unruled = true
			return true, f.obey(a, root)
		}
	}
	return false, nil
}

// ruleRequest is a request for a path as rules of the site at root see it.
func (pl *Planner) ruleRequest(r *Request, root, path string, slash bool) siterules.Request {
	path = strings.TrimPrefix(path[min(len(root), len(path)):], "/")
	return siterules.Request{Path: path, Slash: slash, Host: r.Authority,
		Secure: r.Secure}
}

// obey answers as a line of _redirects asks for.
func (f *finder) obey(a *siterules.Answer, root string) error {
	switch {
	case a.Status/100 == 3:
		return f.send(a, root)
	case a.HasPage:
		n, path, err := f.rewritten(root, string(a.Page))
		if err != nil {
			return err
		}
		if n.Kind == File && a.Status == 200 {
			return f.serve(n, path)
		}
		if n.Kind == File {
			err := f.pl.page(f.r, f.t, f.p, n, path, f.path)
			if f.p.Status == 404 {
				f.p.Status = a.Status
			}
			return err
		}
	}
	if a.Status == 410 {
		f.p.text(410, "410 Gone\n")
		return nil
	}
	return f.pl.notFound(f.r, f.t, f.p, f.path)
}

// send sends the client to the location of a line. A path is sent as a relative reference, as in
// redirect: it can't leave the site, and a handler in front of this one may have moved the site.
func (f *finder) send(a *siterules.Answer, root string) error {
	raw, _, ok := splitTarget(f.r.Target)
	if !ok || f.p.moved && !a.Absolute { // clients resolve the reference in different ways
		return f.pl.notFound(f.r, f.t, f.p, f.path)
	}
	f.p.text(a.Status, strconv.Itoa(a.Status)+" "+http.StatusText(a.Status)+"\n")
	loc := f.p.location[:0]
	if !a.Absolute {
		loc = appendToSite(loc, raw, root)
	}
	f.p.location = append(loc, a.Location...)
	return nil
}

// appendToSite appends the relative reference from a path to the root of its site. It names nothing
// above that: a proxy may serve the site elsewhere.
func appendToSite(dst []byte, raw, root string) []byte {
	up := strings.Count(raw, "/") - 1
	if root != "" {
		up -= 1 + strings.Count(root, "/")
	}
	if up < 0 { // raw is the root, without a slash
		return append(appendEscaped(append(dst, "./"...), lastName(root), pathChar), '/')
	}
	if up == 0 {
		return append(dst, "./"...)
	}
	for range up {
		dst = append(dst, "../"...)
	}
	return dst
}

// rewritten looks up the page of the site at root that is sent in place of another one, as a
// request for it would: page, page.html or page/index.html. It returns the path of the file, too.
func (f *finder) rewritten(root, page string) (Node, string, error) {
	path := root
	if page != "" {
		for name := range strings.SplitSeq(page, "/") {
			if name == "" || name == "." || name == ".." || strings.IndexByte(name, 0) >= 0 {
				return Node{}, "", nil
			}
		}
		path = strings.Clone(f.p.join(root, page))
	}
	index := "index.html"
	if path != "" {
		index = path + "/" + index
	}
	for _, path := range [...]string{path, path + ".html", index} {
		if f.pl.hides(path, false) || f.isRules(path) {
			continue
		}
		n, err := f.pl.resolve(f.t, path)
		if err != nil || n.Kind == File {
			return n, path, err
		}
	}
	return Node{}, "", nil
}

// within reports whether a path is the root of a site, or below it.
func within(root, path string) bool {
	return root == "" || strings.HasPrefix(path, root) &&
		(len(path) == len(root) || path[len(root)] == '/')
}

// siteFields adds header fields to p, the answer to a request for path with the file n: those that
// the site of the file has for that path. If a rule of another site or a symbolic link has led to
// the file, they are those for the path of the file.
func (pl *Planner) siteFields(
	r *Request, t Tree, p *Plan, n *Node, path, file string, slash bool,
) error {
	rules, root, err := t.RulesOf(n.Source, n.Entry, r.Now)
	if rules == nil || err != nil ||
		p.Status != 200 && p.Status != 206 && p.Status != 304 && p.Status != 404 {
		return err
	}
	if !within(root, path) {
		if path, slash = file, false; !within(root, path) {
			path = n.Name
		}
	}
	request := pl.ruleRequest(r, root, path, slash)
	f := &p.rules().fields
	skips := pl.skips
	if p.private {
		skips = pl.skipsPrivate
	}
	if !rules.Fields(&request, skips, f) {
		return nil
	}
	p.site = f.Lines
	if f.SetsCacheControl {
		p.CacheControl = ascii.UnsafeString(f.CacheControl)
	}
	if len(f.Type) > 0 && p.Type != "" && p.Body.Kind != PartsBody {
		p.Type = ascii.UnsafeString(f.Type)
	}
	return nil
}
