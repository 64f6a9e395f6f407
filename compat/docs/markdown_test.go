package docs

import (
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
)

// page is a Markdown file without its fenced blocks and code spans, where a bracket is no link.
type page struct {
	path string // relative to the repository
	text string
}

var (
	fence    = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	codeSpan = regexp.MustCompile("`[^`\n]*`")
	link     = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	heading  = regexp.MustCompile(`(?m)^#+ (.+)$`)
	notSlug  = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// pages returns all Markdown files of the repository that are not test data or build products.
func pages(t *testing.T) []page {
	t.Helper()
	root := tools.Repo(t)
	var all []page
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(d.Name(), ".") && name != root
		if d.IsDir() && (hidden || d.Name() == "testdata" || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(name) != ".md" {
			return nil
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		all = append(all, page{filepath.ToSlash(rel), fence.ReplaceAllString(string(b), "")})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// anchors returns the fragments that GitHub gives the headings of p.
func (p page) anchors() []string {
	var all []string
	for _, m := range heading.FindAllStringSubmatch(p.text, -1) {
		slug := notSlug.ReplaceAllString(strings.ToLower(m[1]), "")
		all = append(all, strings.ReplaceAll(slug, " ", "-"))
	}
	return all
}

func TestLinks(t *testing.T) {
	all := pages(t)
	byPath := map[string]page{}
	for _, p := range all {
		byPath[p.path] = p
	}
	links := 0
	for _, p := range all {
		for _, m := range link.FindAllStringSubmatch(codeSpan.ReplaceAllString(p.text, ""), -1) {
			u, err := url.Parse(m[1])
			if err != nil {
				t.Errorf("%s: link %s: %v", p.path, m[1], err)
				continue
			}
			if u.Scheme != "" {
				continue // tests do not ask other sites
			}
			links++
			target := p.path
			if u.Path != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(p.path), u.Path))
			}
			if _, err := os.Stat(filepath.Join(tools.Repo(t), target)); err != nil {
				t.Errorf("%s: link %s: %v", p.path, m[1], err)
			} else if u.Fragment != "" && !slices.Contains(byPath[target].anchors(), u.Fragment) {
				t.Errorf("%s: link %s: %s has no such heading", p.path, m[1], target)
			}
		}
	}
	if links < 20 {
		t.Errorf("found %d relative links, expected at least 20: the pattern is wrong", links)
	}
}

func TestDecisionPages(t *testing.T) {
	want := []string{"Decision", "Reasons", "Measurements", "Rejected"}
	second := regexp.MustCompile(`(?m)^## (.+)$`)
	index, err := os.ReadFile(filepath.Join(tools.Repo(t), "docs/decisions/README.md"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, p := range pages(t) {
		dir, name := filepath.Split(p.path)
		if dir != "docs/decisions/" || name == "README.md" {
			continue
		}
		n++
		var got []string
		for _, m := range second.FindAllStringSubmatch(p.text, -1) {
			got = append(got, m[1])
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s has the headings %q, want %q", p.path, got, want)
		}
		if !strings.Contains(string(index), "]("+name+")") {
			t.Errorf("docs/decisions/README.md does not list %s", name)
		}
	}
	if n == 0 {
		t.Error("found no decision pages")
	}
}
