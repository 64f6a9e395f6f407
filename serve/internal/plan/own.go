package plan

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// ownKey is the key of a query that is reserved for tpk's own pages: listings, searches, downloads,
// and the files that pages need. Without it, a query does not change the answer where the site has
// a page. The other keys alone are short forms, for folders without one.
const ownKey = "list"

// readmeValue is the value of the reserved key that asks for the README of a folder.
const readmeValue = "readme"

// ownPage is one of tpk's own pages.
type ownPage uint8

const (
	noOwnPage ownPage = iota
	listingPage
	downloadPage
	assetPage
	dictionaryPage
)

// asksOwn returns the page that the query asks for by the reserved key.
func (f *finder) asksOwn() ownPage {
	o := &f.pl.options
	switch {
	case f.query == "", !hasKey(f.query, ownKey):
		return noOwnPage
	case !f.pl.noDictionaries && queryValue(f.query, dictionaryKey) != "":
		return dictionaryPage
	case !o.Listing && o.NoDownload:
		return noOwnPage
	case queryValue(f.query, "download") != "":
		return downloadPage
	case !o.Listing:
		return noOwnPage
	case f.path == "" && queryValue(f.query, "asset") != "":
		return assetPage
	}
	return listingPage
}

// viewValue is the value of the reserved key that asks for the page of a file.
const viewValue = "view"

// asksView reports whether the query asks for the page of a file, instead of the file.
func (f *finder) asksView() bool {
	return f.query != "" && f.pl.options.Listing && queryValue(f.query, ownKey) == viewValue
}

// own answers with the page that the query asks for by the reserved key, if it does. It reports
// whether it has answered.
func (f *finder) own() (bool, error) {
	switch f.asksOwn() {
	case listingPage:
		return f.listed()
	case downloadPage:
		return f.download(queryValue(f.query, "download"))
	case assetPage:
		f.asset(queryValue(f.query, "asset"))
		return true, nil
	case dictionaryPage:
		return f.dictionary(queryValue(f.query, dictionaryKey))
	}
	return false, nil
}

// unowned answers for a folder without index.html: with its listing, or with what the short form of
// a query asks for, unless the site has a page for it. It reports whether it has answered.
func (f *finder) unowned() (bool, error) {
	if ok, err := f.asksUnowned(); !ok || err != nil {
		return false, err
	}
	if f.asksDownload() {
		return f.download(queryValue(f.query, "download"))
	}
	return f.listed()
}

// asksUnowned reports whether a folder without index.html is answered with one of tpk's own pages.
func (f *finder) asksUnowned() (bool, error) {
	o := &f.pl.options
	if !f.asksDownload() && (!o.Listing || o.SPA && !asksListing(f.query)) {
		return false, nil
	}
	page, err := f.standsIn()
	return !page && err == nil, err
}

// asksDownload reports whether a query asks for a download by its short form.
func (f *finder) asksDownload() bool {
	return f.query != "" && queryValue(f.query, "download") != ""
}

// standsIn reports whether the site has a page that stands for a folder without index.html: the
// root's index.html, or if folders are not listed its 404.html.
func (f *finder) standsIn() (bool, error) {
	if f.pl.options.SPA {
		if n, err := f.fallback(); err != nil || n.Kind == File {
			return n.Kind == File, err
		}
	} else if f.pl.options.Listing {
		return false, nil
	}
	n, err := f.pl.resolve(f.t, f.p.join(f.t.Root(f.path), "404.html"))
	return n.Kind == File, err
}

// Formats are the values of the key download: formats of folders, and the archive's own files. The
// first two are those of selections.
var Formats = []string{"tar.gz", "zip", "tpi", "tpx", "tpv", "sum", "minisig"}

// etagKey is the key of a query with the entity tag of the content that is wanted. Programs that
// resume a download without If-Range, as curl and wget do, get no part of another content so.
const etagKey = "etag"

// replaced refuses the answer n if the query wants another content. It reports whether it did.
func (f *finder) replaced(n *Node) bool {
	want := queryValue(f.query, etagKey)
	if want == "" || want == EntityTag(n) {
		return false
	}
	f.p.ShowRefused(&ChoiceError{Status: http.StatusPreconditionFailed,
		Why: "this was replaced since the address was made. Delete the part that you have, and " +
			"begin again with a new address"})
	return true
}

// EntityTag returns the value of the key etag for a content: its entity tag without quotes.
func EntityTag(n *Node) string { return fmt.Sprintf("%016x", n.Hash) }

// wants reports whether the query of a file wants one content of it.
func (f *finder) wants() bool {
	o := &f.pl.options
	return f.query != "" && (o.Listing || !o.NoDownload) && hasKey(f.query, ownKey) &&
		hasKey(f.query, etagKey)
}

// download answers with an archive, its sidecar, or a folder. It returns false if the path is
// not a folder, and has not answered then.
func (f *finder) download(format string) (bool, error) {
	known := slices.Contains(Formats, format)
	if known && !f.pl.options.NoDownload {
		n, err := f.t.Download(f.path, format, f.query)
		if refused := (*ChoiceError)(nil); errors.As(err, &refused) {
			f.p.ShowRefused(refused)
			return true, nil
		}
		if err != nil {
			return true, err
		}
		if n.Kind == Download {
			if f.replaced(&n) {
				return true, nil
			}
			f.p.filename = n.Name
			return true, f.pl.representation(f.r, f.t, f.p, n, n.Name)
		}
	}
	n, err := f.pl.resolve(f.t, f.path)
	if err != nil || n.Kind != Dir {
		return false, err
	}
	if !known && !f.pl.options.NoDownload {
		last := len(Formats) - 1
		f.p.ShowBad("download is " + strings.Join(Formats[:last], ", ") + " or " + Formats[last])
		return true, nil
	}
	return true, f.pl.notFound(f.r, f.t, f.p, f.path)
}
