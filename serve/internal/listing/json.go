package listing

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tarpack/tpk/serve/internal/archives/browse"
	"github.com/tarpack/tpk/serve/internal/archives/contents"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/sidecar"
)

// listJSON is a listing in JSON. README.md describes it.
type listJSON struct {
	Path   string `json:"path"`
	Title  string `json:"title,omitempty"` // of the only archive at the root
	Query  string `json:"query,omitempty"`
	Filter string `json:"filter,omitempty"`
	*totalsJSON
	Tree    *treeJSON `json:"tree,omitempty"`    // of all that is in the folder
	Matches *int      `json:"matches,omitempty"` // of a search, if the number is known
	Offset  int64     `json:"offset"`
	Next    string    `json:"next,omitempty"` // reference to the next part
	// Incomplete is set if a search has not looked at everything.
	Incomplete bool          `json:"incomplete,omitempty"`
	Download   *downloadJSON `json:"download,omitempty"`
	Choice     *choiceJSON   `json:"choice,omitempty"`
	Entries    []itemJSON    `json:"entries"`
}

// totalsJSON are the totals of a whole listing. They are not known of a search that has found more
// than is in this part, or in parts before.
type totalsJSON struct {
	Total   int   `json:"total"`
	Folders int   `json:"folders"`
	Files   int   `json:"files"` // whatever is no folder
	Links   int   `json:"links"` // symbolic links among the files
	Size    int64 `json:"size"`
	Packed  int64 `json:"packed"`
}

// treeJSON are the totals of all that is in a folder, at any depth.
type treeJSON struct {
	Entries int   `json:"entries"`
	Files   *int  `json:"files,omitempty"` // without links, if known
	Links   *int  `json:"links,omitempty"` // symbolic links
	Size    int64 `json:"size"`
	Packed  int64 `json:"packed"`
	Saved   int64 `json:"saved,omitempty"`
}

// downloadJSON is how the folder can be downloaded.
type downloadJSON struct {
	TarGz   string `json:"tar.gz"` // references
	Zip     string `json:"zip"`
	Partial bool   `json:"partial"` // the folder has more than the download
}

// choiceJSON is what the numbers of the entries refer to.
type choiceJSON struct {
	Href string `json:"href"` // reference to the folder whose download they choose from
	Of   string `json:"of"`   // their validator
}

type itemJSON struct {
	Name    string `json:"name"`
	Raw     string `json:"name_base64,omitempty"` // the bytes of a name that is not UTF-8
	Href    string `json:"href"`                  // relative to the listing
	Type    string `json:"type"`
	Size    *int64 `json:"size,omitempty"`
	Packed  *int64 `json:"packed,omitempty"`
	Entries *int   `json:"entries,omitempty"`
	Link    string `json:"link,omitempty"`
	Media   string `json:"media,omitempty"`
	ModTime string `json:"mtime,omitempty"`
	SHA256  string `json:"sha256,omitempty"` // of the content, if the index has it
	XXH64   string `json:"xxh64,omitempty"`
	N       string `json:"n,omitempty"` // numbers to choose it with, for a download
}

// json renders what was found as JSON.
func (f found) json(q *request) ([]byte, error) {
	if q.text {
		return encode(textJSONOf(q, f.text))
	}
	return encode(listJSONOf(q, f.names))
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // it is no part of a page, and & stays readable
	err := e.Encode(v)
	return b.Bytes(), err
}

func listJSONOf(q *request, l *browse.List) *listJSON {
	out := listJSON{
		Path: "/" + q.path, Title: strings.ToValidUTF8(l.Title, "\ufffd"), Query: q.query,
		Filter: q.filter, Offset: q.offset, Incomplete: l.Incomplete,
		Tree: treeOf(&l.Tree), Entries: []itemJSON{},
	}
	if q.search && l.All >= 0 {
		out.Matches = &l.All
	}
	if !q.search || !l.More && !l.Incomplete && q.offset == 0 {
		out.totalsJSON = &totalsJSON{l.Total, l.Folders, l.Files, l.Links, l.Size, l.Packed}
	}
	if next := q.next(l); next > 0 {
		out.Next = q.link(q.order, q.down, next) + "&format=json"
	}
	if l.Downloads && q.downloads {
		out.Download = &downloadJSON{TarGz: downloadTarGz, Zip: downloadZip, Partial: l.Partial}
	}
	numbered := l.Of != "" && q.downloads
	if numbered {
		out.Choice = &choiceJSON{Href: q.choiceHref(l), Of: l.Of}
	}
	for i := range l.Items {
		j := q.itemJSON(&l.Items[i])
		if numbered {
			j.N = l.Items[i].Choice
		}
		out.Entries = append(out.Entries, j)
	}
	return &out
}

// treeOf returns the totals of a folder in JSON; nil if they are not known.
func treeOf(t *contents.Totals) *treeJSON {
	if t.Entries < 0 {
		return nil
	}
	out := &treeJSON{Entries: t.Entries, Size: t.Size, Packed: t.Packed, Saved: t.Saved}
	if t.Files >= 0 {
		out.Files, out.Links = &t.Files, &t.Links
	}
	return out
}

// next is the offset of what follows, 0 if nothing does.
func (q *request) next(l *browse.List) int64 {
	if q.search {
		return l.Next
	}
	if end := q.offset + int64(len(l.Items)); end < int64(l.Total) && len(l.Items) > 0 {
		return end
	}
	return 0
}

func (q *request) itemJSON(it *browse.Item) itemJSON {
	name := it.Name()
	if q.search {
		name = it.Path
	}
	href := q.href(it)
	if it.Type == sidecar.TypeDir && q.list {
		href += "?list"
	}
	j := itemJSON{Name: strings.ToValidUTF8(name, "\ufffd"), Href: href,
		Type: it.Type.String(), Link: strings.ToValidUTF8(it.Link, "\ufffd"), Media: it.Media}
	if !utf8.ValidString(name) {
		j.Raw = base64.StdEncoding.EncodeToString([]byte(name))
	}
	switch it.Type {
	case sidecar.TypeDir:
		if it.Below >= 0 {
			j.Entries, j.Size, j.Packed = &it.Below, &it.Size, &it.Packed
		}
	case sidecar.TypeFile, sidecar.TypeHardlink:
		j.Size = &it.Size
		if it.Packed >= 0 {
			j.Packed = &it.Packed
		}
		if it.Sums != nil {
			j.SHA256, j.XXH64 = it.Sums.Hex()
		}
	}
	if it.ModTime > plan.NoTime {
		j.ModTime = time.Unix(it.ModTime, 0).UTC().Format(time.RFC3339)
	}
	return j
}

// href returns the reference from the listing to an item, without a query. It begins with a dot, so
// that no name can make it lead elsewhere.
func (q *request) href(it *browse.Item) string {
	prefix, path := "./", it.Name()
	if q.search {
		prefix, path = q.root(), it.Path
	}
	if it.Type == sidecar.TypeDir {
		return folderHref(prefix, path)
	}
	return string(plan.AppendHref([]byte(prefix), path))
}

// folderHref returns the reference to a folder at a path behind a prefix.
func folderHref(prefix, path string) string {
	return string(append(plan.AppendHref([]byte(prefix), path), '/'))
}

// root returns the reference from the listing to the root.
func (q *request) root() string {
	if q.up != "" {
		return q.up
	}
	if q.path == "" {
		return "./"
	}
	return strings.Repeat("../", strings.Count(q.path, "/")+1)
}
