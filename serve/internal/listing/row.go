package listing

import (
	"html/template"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tarpack/tpk/serve/internal/archives/browse"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/sidecar"
)

// row is a row of the table.
type row struct {
	Name, Dir string // Dir: of a search result
	Full      string // the name, if it may be too long to be shown
	Slash     bool
	Href      template.URL
	Icon      string
	Kind      string
	Page      template.URL // of the file, whose link a script names; "" if there is none
	Preview   string       // image, audio, …, as in preview.js; "" if there is none
	Thumb     bool         // the tile of the file is the picture that it is
	Link      string
	Size      string
	Bytes     string // the exact size
	Packed    string
	PackBytes string
	Date      string
	Stamp     string
	Choice    string // numbers to choose it with; "" if it can't be
}

// longName is from how many characters a name may be cut off in a row.
const longName = 60

func (p *page) row(it *browse.Item) row {
	href := template.URL(p.q.href(it))
	r := row{Name: readable(it.Name()), Link: readable(it.Link)}
	if p.q.search {
		if i := strings.LastIndexByte(it.Path, '/'); i >= 0 {
			r.Dir = readable(it.Path[:i+1])
		}
	}
	if utf8.RuneCountInString(r.Dir)+utf8.RuneCountInString(r.Name) > longName {
		r.Full = r.Dir + r.Name
	}
	r.Icon, r.Preview = kindOf(it)
	r.Kind = p.Kinds[r.Icon]
	r.Thumb = p.q.grid && isPicture(it)
	exact := func(n int64) string { return p.count(n, p.Byte) }
	switch it.Type {
	case sidecar.TypeDir:
		r.Slash = true
		href += template.URL(p.q.folderQuery())
		if it.Below >= 0 {
			in := p.count(int64(it.Below), p.Entry)
			r.Size, r.Bytes = p.bytes(it.Size), in+", "+exact(it.Size)
			r.Packed, r.PackBytes = p.bytes(it.Packed), exact(it.Packed)
		}
	case sidecar.TypeFile, sidecar.TypeHardlink:
		r.Size, r.Bytes = p.bytes(it.Size), exact(it.Size)
		switch {
		case it.Type == sidecar.TypeHardlink:
			r.Packed, r.PackBytes = p.SharedPacked, p.Shared
		case it.Packed >= 0:
			r.Packed, r.PackBytes = p.bytes(it.Packed), exact(it.Packed)
		}
		if r.Preview != "" && it.Size == 0 {
			r.Preview = "empty"
		}
		r.Page = href + "?list=view"
	case sidecar.TypeSymlink:
		r.Page = href + "?list=view"
	}
	r.Href = href
	if p.Pick != nil {
		r.Choice = it.Choice
	}
	if it.ModTime > plan.NoTime {
		t := time.Unix(it.ModTime, 0).UTC()
		r.Date, r.Stamp = t.Format("2006-01-02 15:04"), t.Format(time.RFC3339)
	}
	return r
}

// kinds are icons by media type, and what kind of preview there is.
var kinds = []struct{ prefix, icon, preview string }{
	{"image/", "image", "image"},
	{"audio/", "audio", "audio"},
	{"video/", "video", "video"},
	{"text/html", "page", "text"},
	{"text/", "text", "text"},
	{"application/json", "text", "text"},
	{"application/javascript", "text", "text"},
	{"application/xml", "text", "text"},
	{"application/toml", "text", "text"},
	{"application/x-sh", "text", "text"},
	{"application/yaml", "text", "text"},
	{"application/pdf", "page", ""},
	{"font/", "font", ""},
	{"application/gzip", "pack", ""},
	{"application/zip", "pack", ""},
	{"application/x-tar", "pack", ""},
	{"application/x-xz", "pack", ""},
	{"application/zstd", "pack", ""},
}

// maxPicture is the size in bytes above which a picture has no preview: browsers need many times as
// much memory to draw it.
const maxPicture = 64 << 20

// kindOf returns the icon of an item and the kind of its preview. What a link leads to is known
// when the preview is asked for.
func kindOf(it *browse.Item) (icon, preview string) {
	switch it.Type {
	case sidecar.TypeDir:
		return "folder", ""
	case sidecar.TypeSymlink:
		return "link", "link"
	case sidecar.TypeFile, sidecar.TypeHardlink:
		if it.Text && !strings.HasPrefix(it.Media, "image/") && !strings.HasPrefix(it.Media, "text/") {
			return "text", "text"
		}
		for _, k := range kinds {
			if !strings.HasPrefix(it.Media, k.prefix) {
				continue
			}
			if k.preview == "image" && it.Size > maxPicture {
				return k.icon, "large"
			}
			if strings.HasPrefix(it.Media, "image/svg") {
				return k.icon, "drawing"
			}
			return k.icon, k.preview
		}
		return "file", ""
	}
	return "file", ""
}

// readable makes a name fit to be shown: control characters become pictures of them, bytes that are
// not UTF-8 become marks, and characters that change the direction of text become marks, too.
func readable(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ':
			return 0x2400 + r
		case r == 0x7f:
			return 0x2421
		case r >= 0x80 && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 &&
			r <= 0x2069, r == 0x2028, r == 0x2029:
			return 0xfffd
		}
		return r
	}, strings.ToValidUTF8(name, "\ufffd"))
}
