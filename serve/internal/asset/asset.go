// Package asset has the files that tpk's own pages need: styles, scripts and icons. A package with
// pages embeds its files and makes a [Set] of them. All are answered at one place, [Show], by
// names that change with the content.
//
// A Set is plain data until one of its names is asked for. So the linker leaves out the files of
// pages that a program does not have.
package asset

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"path"
	"regexp"
	"strings"
	"sync"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/gzip"

	"github.com/tarpack/tpk/serve/internal/plan"
)

//go:embed shared
var shared embed.FS

// Set is some files in a folder of one package. It is safe for concurrent use. What it needs is
// made when one of its names is asked for.
//
// A file that names another one of the Set as "asset=NAME" gets its public name there, and must
// come after it. A name of several files with a plus between them, as "list.js+pick.js", stands for
// one file, named as the first. One in the folder shared belongs to this package, with functions
// that pages of several packages need.
type Set struct {
	Files *embed.FS
	Dir   string
	Names []string

	once sync.Once
	all  map[string]*file // by the files' own names
}

// file is a file of a Set.
type file struct {
	public  string
	kind    string
	content string
	packed  func() string // content in gzip
}

// types are the media types of files, by extension.
var types = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// load returns the files of the Set. It panics if one is not embedded.
func (s *Set) load() map[string]*file {
	s.once.Do(func() { s.all = load(s.Files, s.Dir, s.Names) })
	return s.all
}

func load(files *embed.FS, dir string, names []string) map[string]*file {
	all := map[string]*file{}
	for _, list := range names {
		var b []byte
		for part := range strings.SplitSeq(list, "+") {
			content, err := read(files, dir, part)
			if err != nil {
				panic(err) // it is embedded
			}
			b = append(b, content...)
		}
		name, _, _ := strings.Cut(list, "+")
		for other, f := range all {
			b = bytes.ReplaceAll(b, []byte("asset="+other), []byte("asset="+f.public))
		}
		ext := path.Ext(name)
		if ext == ".js" {
			b = comments.ReplaceAll(b, nil)
		}
		all[name] = &file{
			public:  fmt.Sprintf("%s-%016x%s", strings.TrimSuffix(name, ext), xxhash.Sum64(b), ext),
			kind:    types[ext],
			content: string(b), packed: sync.OnceValue(func() string { return Compressed(b) })}
	}
	return all
}

// comments are lines of a script that have nothing but a comment. Browsers need none.
var comments = regexp.MustCompile(`(?m)^[ \t]*//.*\n`)

// read returns a file of a package, or one of those that are shared.
func read(files *embed.FS, dir, name string) ([]byte, error) {
	if strings.HasPrefix(name, "shared/") {
		return shared.ReadFile(name)
	}
	return files.ReadFile(path.Join(dir, name))
}

// URL returns the reference to a file of the Set, from a page with a reference to the root.
func (s *Set) URL(root, name string) template.URL {
	return template.URL(root + "?list&asset=" + s.load()[name].public)
}

// Show answers with the file of some sets that has a public name, or with 404.
func Show(r *plan.Request, p *plan.Plan, sets []*Set, public string) {
	for _, s := range sets {
		for _, f := range s.load() {
			if f.public != public {
				continue
			}
			shown := plan.Shown{Type: f.kind, Content: f.content, Immutable: true}
			if r.AcceptsGzip() {
				shown.Content, shown.Gzip = f.packed(), true
			}
			p.Show(r, shown)
			return
		}
	}
	p.ShowNothing()
}

// Compressed returns b in gzip.
func Compressed(b []byte) string {
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
