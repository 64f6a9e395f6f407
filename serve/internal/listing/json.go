package listing

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/sidecar"
)

// listJSON is a listing in JSON. README.md describes it.
type listJSON struct {
	Path  string `json:"path"`
	Query string `json:"query,omitempty"`
	*totalsJSON
	Offset int64  `json:"offset"`
	Next   string `json:"next,omitempty"` // reference to the next part
	// Incomplete is set if a search has not looked at everything.
	Incomplete bool          `json:"incomplete,omitempty"`
	Download   *downloadJSON `json:"download,omitempty"`
	Entries    []itemJSON    `json:"entries"`
}

// totalsJSON are the totals of a whole listing. They are not known of a search that has found more
// than is in this part, or in parts before.
type totalsJSON struct {
	Total   int   `json:"total"`
	Folders int   `json:"folders"`
	Files   int   `json:"files"` // whatever is no folder
	Size    int64 `json:"size"`
	Packed  int64 `json:"packed"`
}

// downloadJSON is how the folder can be downloaded.
type downloadJSON struct {
	TarGz   string `json:"tar.gz"` // references
	Zip     string `json:"zip"`
	Partial bool   `json:"partial"` // the folder has more than the download
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

func listJSONOf(q *request, l *archives.List) *listJSON {
	out := listJSON{
		Path: "/" + q.path, Query: q.query, Offset: q.offset, Incomplete: l.Incomplete,
		Entries: []itemJSON{},
	}
	if q.query == "" || !l.More && !l.Incomplete && q.offset == 0 {
		out.totalsJSON = &totalsJSON{l.Total, l.Folders, l.Files, l.Size, l.Packed}
	}
	if next := q.next(l); next > 0 {
		out.Next = q.link(q.orderName(), q.down, next) + "&format=json"
	}
	if l.Downloads && q.downloads {
		out.Download = &downloadJSON{TarGz: downloadTarGz, Zip: downloadZip, Partial: l.Partial}
	}
	for i := range l.Items {
		out.Entries = append(out.Entries, q.itemJSON(&l.Items[i]))
	}
	return &out
}

// next is the offset of what follows, 0 if nothing does.
func (q *request) next(l *archives.List) int64 {
	if q.query != "" {
		return l.Next
	}
	if end := q.offset + int64(len(l.Items)); end < int64(l.Total) && len(l.Items) > 0 {
		return end
	}
	return 0
}

func (q *request) itemJSON(it *archives.Item) itemJSON {
	name := it.Name()
	if q.query != "" {
		name = it.Path
	}
	j := itemJSON{Name: strings.ToValidUTF8(name, "\ufffd"), Href: q.href(it),
		Type: it.Type.String(), Link: strings.ToValidUTF8(it.Link, "\ufffd"), Media: it.Media}
	if !utf8.ValidString(name) {
		j.Raw = base64.StdEncoding.EncodeToString([]byte(name))
	}
	switch it.Type {
	case sidecar.TypeDir:
		if it.Below >= 0 {
			j.Entries = &it.Below
		}
	case sidecar.TypeFile, sidecar.TypeHardlink:
		j.Size = &it.Size
		if it.Packed >= 0 {
			j.Packed = &it.Packed
		}
	}
	if it.ModTime > plan.NoTime {
		j.ModTime = time.Unix(it.ModTime, 0).UTC().Format(time.RFC3339)
	}
	return j
}

// href returns the reference from the listing to an item. It begins with a dot, so that no name can
// make it lead elsewhere.
func (q *request) href(it *archives.Item) string {
	b := []byte("./")
	path := it.Name()
	if q.query != "" {
		b = []byte(q.root())
		path = it.Path
	}
	b = plan.AppendHref(b, path)
	if it.Type == sidecar.TypeDir {
		b = append(b, '/')
		if q.list {
			b = append(b, "?list"...)
		}
	}
	return string(b)
}

// root returns the reference from the listing to the root.
func (q *request) root() string {
	if q.path == "" {
		return "./"
	}
	return strings.Repeat("../", strings.Count(q.path, "/")+1)
}
