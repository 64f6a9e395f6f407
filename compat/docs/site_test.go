package docs

import (
	"bytes"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/tarpack/tpk/compat/tools"
)

// repository is where links of the site to files that are no pages lead.
const repository = "https://github.com/tarpack/tpk/blob/main/"

// A sitePage is what one HTML file of the site refers to, and has.
type sitePage struct {
	links []string
	ids   map[string]bool
}

// TestSite builds the documentation as a site, and checks each link in it: that the page, picture,
// style or script is there, and that the page has what the fragment names. Links to the repository
// lead to its files.
func TestSite(t *testing.T) {
	tools.Path(t, "mkdocs")
	out := tools.Dir(t)
	build := filepath.Join(tools.Repo(t), "compat/site/build.sh")
	tools.Must(t, exec.Command(build, tools.TPK(t), out))
	site := filepath.Join(out, "site")
	pages, files := readSite(t, site)
	links := 0
	for name, p := range pages {
		for _, l := range p.links {
			if l = strings.TrimSpace(l); checkLink(t, name, l, pages, files) {
				links++
			}
		}
	}
	if links < 5000 || len(pages) < 100 {
		t.Errorf("%d links in %d pages: some were not found", links, len(pages))
	}
}

// readSite returns the HTML files below dir, and the names of all files, by their paths there.
func readSite(t *testing.T, dir string) (pages map[string]sitePage, files map[string]bool) {
	t.Helper()
	pages, files = map[string]sitePage{}, map[string]bool{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		files[rel] = true
		if filepath.Ext(rel) != ".html" {
			return nil
		}
		b, err := os.ReadFile(name)
		pages[rel] = parsePage(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages, files
}

// parsePage returns what a page refers to, and has.
func parsePage(b []byte) sitePage {
	p := sitePage{ids: map[string]bool{}}
	for z := html.NewTokenizer(bytes.NewReader(b)); z.Next() != html.ErrorToken; {
		token := z.Token()
		for _, a := range token.Attr {
			switch {
			case a.Key == "href" && token.Data != "base", a.Key == "src":
				p.links = append(p.links, a.Val)
			case a.Key == "id", a.Key == "name" && token.Data == "a":
				p.ids[a.Val] = true
			}
		}
	}
	return p
}

// checkLink checks a link of the page name. It returns false for one to another host.
func checkLink(
	t *testing.T, name, link string, pages map[string]sitePage, files map[string]bool,
) bool {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		t.Errorf("%s: link %q: %v", name, link, err)
		return true
	}
	if source, ok := strings.CutPrefix(link, repository); ok {
		source, _, _ = strings.Cut(source, "#")
		if _, err := os.Stat(filepath.Join(tools.Repo(t), source)); err != nil {
			t.Errorf("%s: link %s: %v", name, link, err)
		}
		return true
	}
	if u.Scheme != "" || u.Host != "" {
		return false
	}
	target := name
	switch {
	case strings.HasPrefix(u.Path, "/"):
		target = strings.TrimPrefix(u.Path, "/")
	case u.Path != "":
		target = path.Join(path.Dir(name), u.Path)
		if strings.HasSuffix(u.Path, "/") {
			target += "/"
		}
	}
	if !files[target] { // a folder has an index.html
		target = path.Join(target, "index.html")
	}
	switch {
	case !files[target]:
		t.Errorf("%s: link %s: there is no %s", name, link, target)
	case u.Fragment != "" && !pages[target].ids[u.Fragment]:
		t.Errorf("%s: link %s: %s has no such fragment", name, link, target)
	}
	return true
}
