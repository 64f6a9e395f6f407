package getpage

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/tarpack/tpk/serve/internal/plan"
)

// offerJSON is what can be downloaded. README.md describes it.
type offerJSON struct {
	Name   string `json:"name"` // to save it under
	Href   string `json:"href"` // relative to the folder
	Size   int64  `json:"size"`
	ETag   string `json:"etag"` // as in the href
	SHA256 string `json:"sha256,omitempty"`
	XXH64  string `json:"xxh64,omitempty"`
	CRC32  string `json:"crc32,omitempty"`
}

// json renders the page as JSON.
func (d *page) json() []byte {
	out := struct {
		Downloads []offerJSON `json:"downloads"`
	}{}
	for i := range d.Offers {
		o := &d.Offers[i]
		j := offerJSON{Name: strings.ToValidUTF8(o.name, "\ufffd"), Href: string(o.Href),
			Size: o.node.Size, ETag: plan.EntityTag(&o.node)}
		j.SHA256, j.XXH64, j.CRC32 = sums(&o.node)
		out.Downloads = append(out.Downloads, j)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(out); err != nil {
		panic(err) // a buffer takes everything
	}
	return b.Bytes()
}
