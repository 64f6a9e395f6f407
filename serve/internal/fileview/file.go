package fileview

import (
	"net/url"
	"time"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/archives/browse"
	"github.com/tarpack/tpk/serve/internal/listing"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/textenc"
)

// headLength is how many bytes of a file Shows and the detection of the encoding can see.
const headLength = 64 << 10

// File is a file whose page is made.
type File struct {
	Path string // from the root of the server, without a slash at its beginning
	Name string // the last part of Path
	// Media is the media type that the file is served with, with parameters.
	Media string
	Size  int64
	Head  []byte // the beginning of the content, at most 64 KiB
	// Encoding is the name of the text's encoding, by the WHATWG's Encoding Standard. "" means that
	// the content is not text.
	Encoding string
	Raw      string // reference to the plain file
	Root     string // reference to the root of the server, for URL of an asset.Set
	Query    url.Values
	Texts    *listing.Texts

	node  plan.Node
	about archives.About
	view  *browse.View
}

// Read returns up to limit bytes from the beginning of the content.
func (f *File) Read(limit int64) ([]byte, error) {
	if min(limit, f.Size) <= int64(len(f.Head)) {
		return f.Head[:min(limit, f.Size)], nil
	}
	return f.view.ReadFile(&f.node, limit)
}

// Text returns up to limit bytes from the beginning of the content as a string, and the encoding of
// it. A byte order mark and a last character that is cut off are left out; malformed ones become
// U+FFFD.
func (f *File) Text(limit int64) (text, encoding string, err error) {
	b, err := f.Read(limit)
	if err != nil {
		return "", "", err
	}
	cut := int64(len(b)) < f.Size
	encoding = f.Encoding
	if found := textenc.Detect(b, cut, f.Media); found != "" {
		encoding = found // more bytes may have shown that it is another one
	}
	return textenc.Decode(b, cut, encoding), encoding, nil
}

// modified returns the time of the file in UTC, or the zero Time.
func (f *File) modified() time.Time {
	if f.node.ModTime <= plan.NoTime {
		return time.Time{}
	}
	return time.Unix(f.node.ModTime, 0).UTC()
}
