package listing

import (
	"bytes"
	"embed"
	"fmt"
	"path"
	"strings"
	"sync"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/gzip"

	"github.com/tarpack/tpk/serve/internal/plan"
)

//go:embed assets
var files embed.FS

// asset is a file that pages need.
type asset struct {
	kind    string
	content string
	packed  string // in gzip; "" where that would not be smaller
}

// assets are by their public name, which has a hash of the content in it, so that they never change; and the public names are by their own.
// Both are made when the first page is asked for: who only extracts an archive does not pay for it.
var assets = sync.OnceValues(loadAssets)

func loadAssets() (map[string]*asset, map[string]string) {
	all, names := map[string]*asset{}, map[string]string{}
	for name, kind := range map[string]string{
		"list.css": "text/css; charset=utf-8", "list.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml",
	} {
		b, err := files.ReadFile(path.Join("assets", name))
		if err != nil {
			panic(err) // it is embedded
		}
		base, ext, _ := strings.Cut(name, ".")
		public := fmt.Sprintf("%s-%016x.%s", base, xxhash.Sum64(b), ext)
		all[public] = &asset{kind, string(b), compressed(b)}
		names[name] = public
	}
	return all, names
}

// compressed is b in gzip. What is made for one request is made fast.
func compressed(b []byte) string {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.DefaultCompression)
	if err == nil {
		_, err = z.Write(b)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		panic(err) // a buffer takes everything
	}
	return out.String()
}

// showAsset answers with an asset.
func showAsset(r *plan.Request, p *plan.Plan, name string) {
	all, _ := assets()
	a := all[name]
	if a == nil {
		p.ShowNothing()
		return
	}
	s := plan.Shown{Type: a.kind, Content: a.content, Immutable: true}
	if r.AcceptsGzip() {
		s.Content, s.Gzip = a.packed, true
	}
	p.Show(r, s)
}
