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
	packed  string // content in gzip
}

// assets returns the files that pages need by their public names, and these names by the files'
// own. A public name has a hash of the content in it, so what it names never changes. Both are made
// for the first page, so that a program without pages does not pay for them.
var assets = sync.OnceValues(loadAssets)

func loadAssets() (map[string]*asset, map[string]string) {
	all, names := map[string]*asset{}, map[string]string{}
	for _, f := range []struct{ name, kind string }{
		{"icon.svg", "image/svg+xml"}, {"icons.svg", "image/svg+xml"},
		{"list.css", "text/css; charset=utf-8"}, {"list.js", "text/javascript; charset=utf-8"},
	} {
		name, kind := f.name, f.kind
		b, err := files.ReadFile(path.Join("assets", name))
		if err != nil {
			panic(err) // it is embedded
		}
		if name == "list.css" { // its pictures were loaded before it
			b = bytes.ReplaceAll(b, []byte("asset=icons.svg"), []byte("asset="+names["icons.svg"]))
		}
		base, ext, _ := strings.Cut(name, ".")
		public := fmt.Sprintf("%s-%016x.%s", base, xxhash.Sum64(b), ext)
		all[public] = &asset{kind, string(b), compressed(b)}
		names[name] = public
	}
	return all, names
}

// compressed returns b in gzip.
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
