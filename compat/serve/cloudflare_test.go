package serve

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/serve"
)

// pagesSite is a site of Cloudflare Pages, and requests for it.
type pagesSite struct {
	Redirects string            `json:"redirects"`
	Headers   string            `json:"headers"`
	Files     map[string]string `json:"files"` // by path
	Requests  []string          `json:"requests"`
}

// pagesAnswer is an answer. To is where a redirect leads, and Fields are those whose names begin
// with "x-t-".
type pagesAnswer struct {
	Status int
	To     string
	Body   string
	Fields map[string]string
}

// TestCloudflareRules compares how tpk and the code of Cloudflare Pages understand _redirects and
// _headers: of some sites that use everything, and of many that are made at random. What the two do
// differently on purpose, as docs/decisions has it, does not occur.
func TestCloudflareRules(t *testing.T) {
	files := map[string]string{"/f/a": "a", "/f/b/c": "c", "/f/t.txt": "t", "/404.html": "none"}
	sites := []pagesSite{{Files: files,
		Redirects: "# a comment\n/old /new 301\n/b/* /n/:splat 302\n/u/:id/:tab /n/:tab?id=:id 307\n" +
			"/p/:page.txt /n/:page 308\n/r/* /f/:splat 200\n/far/:x https://example.com/:x#top 303\n" +
			"/q/*/end /n?was=one 302\n",
		Headers: "/f/*\n  X-T-One: :splat\n  ! X-T-Two\n  X-T-One: again\n/f/:name\n" +
			"  x-t-one: the :name\n/*\n  X-T-Two: two: three\n",
		Requests: []string{"/old", "/old?k=v", "/b/c/d", "/b/c%20d", "/b/%C3%A9", "/u/7/x", "/u/7/x?z=1",
			"/p/a.txt", "/p/a.b.txt", "/r/a", "/r/b/c", "/r/none", "/far/a", "/q/a/b/end", "/f/a",
			"/f/b/c", "/none"},
	}}
	random := rand.New(rand.NewPCG(20, 26))
	for range 300 {
		sites = append(sites, randomPages(random, files))
	}
	dir := t.TempDir()
	var o serve.Options
	for i, s := range sites {
		root := filepath.Join(dir, fmt.Sprint(i))
		write(t, filepath.Join(root, "_redirects"), s.Redirects)
		write(t, filepath.Join(root, "_headers"), s.Headers)
		for name, content := range s.Files {
			write(t, filepath.Join(root, name), content)
		}
		o.Archives = append(o.Archives, serve.Archive{Path: root, Mount: fmt.Sprint("/", i)})
	}
	base, answers := "http://"+start(t, o), map[int]int{} // by status
	for i, found := range cloudflare(t, sites) {
		for k, target := range sites[i].Requests {
			want := found[k]
			answers[want.Status]++
			got := pagesAnswerOf(t, base, fmt.Sprint("/", i), target)
			if want.To != "" { // with another text, and without the fields of the site
				got.Body, want.Body, want.Fields = "", "", map[string]string{}
			}
			if got.Status != want.Status || got.To != want.To || got.Body != want.Body ||
				!maps.Equal(got.Fields, want.Fields) {
				t.Errorf("%s: %v, and Cloudflare %v, by\n%s\n%s", target, got, want,
					sites[i].Redirects, sites[i].Headers)
			}
		}
	}
	t.Log(answers)
}

// randomPages returns a site with a few rules of both kinds, and requests that are made of the same
// names.
func randomPages(random *rand.Rand, files map[string]string) pagesSite {
	pick := func(of ...string) string { return of[random.IntN(len(of))] }
	s := pagesSite{Files: files, Redirects: "\n", Headers: "\n"}
	paths := map[string]bool{} // Cloudflare takes the first of two redirects, the last of two blocks
	for range random.IntN(5) {
		path, names := randomPath(random, pick, pick("/a", "/b")) // a file comes first: none of /f
		if paths[path] {
			continue
		}
		paths[path] = true
		to := "/n/" + strings.Join(names, "/")
		if random.IntN(4) == 0 && len(names) > 0 && names[0] != ":splat" {
			to = "/n?k=" + names[0]
		}
		status := pick("301", "302", "303", "307", "308", "200")
		if status == "200" {
			to = "/f/t.txt"
		} else if random.IntN(6) == 0 {
			to = "https://example.com" + to
		}
		s.Redirects += path + pick(" ", "\t", "   ") + to + " " + status +
			pick("\n", "\n", "\r\n", "\n# a comment\n\n")
	}
	for range random.IntN(5) {
		path, names := randomPath(random, pick, pick("", "/f"))
		if paths["block "+path] {
			continue
		}
		paths["block "+path] = true
		s.Headers += path + "\n"
		for range 1 + random.IntN(3) {
			name := pick("X-T-A", "x-t-b", "X-T-C")
			s.Headers += pick("  ", "\t", "") + pick(name+": "+pick(append(names, "v", "w: x")...),
				name+":  "+pick("v", "w"), "! "+name) + "\n"
		}
	}
	// For tpk, /a/* is also /a.
	rules, prefixes := []string{"/a"}, []string{}
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		path = strings.TrimPrefix(path, "block ")
		rules = append(rules, path)
		if prefix, ok := strings.CutSuffix(path, "/*"); ok {
			prefixes = append(prefixes, placeholder.ReplaceAllString(prefix, "[^/]+"))
		}
	}
	splatLess := regexp.MustCompile("^(" + strings.Join(append(prefixes, "-"), "|") + ")$")
	for range 12 {
		target := pick("/f/a", "/f/b/c", "/f/t.txt")
		switch random.IntN(3) {
		case 0: // of a rule
			target = placeholder.ReplaceAllStringFunc(pick(rules...), func(string) string {
				return pick("a", "b", "c.d", "b%20c", "%C3%A9")
			})
			target = strings.Replace(target, "*", pick("a", "b/c", "b%20c/%C3%A9", "b.c"), 1)
		case 1:
			target = ""
			for range 1 + random.IntN(3) {
				target += "/" + pick("a", "b", "c", "a.x", "b%20c", "%C3%A9")
			}
		}
		if !splatLess.MatchString(target) {
			s.Requests = append(s.Requests, target+pick("", "", "?k=v"))
		}
	}
	return s
}

var placeholder = regexp.MustCompile(":[a-z]")

// randomPath returns the path of a rule below root, and the placeholders in it.
func randomPath(random *rand.Rand, pick func(...string) string, root string) (
	path string, names []string,
) {
	path = root
	for _, name := range []string{pick("a", "b", ":x", ":x.x"), pick("a", ":y", "b"),
		"b"}[:1+random.IntN(3)] {
		path += "/" + name
		if strings.HasPrefix(name, ":") {
			names = append(names, name[:2])
		}
	}
	if random.IntN(3) == 0 {
		path, names = path+pick("/*", "/*", "/*/c", "/b*", "/*b", "/a*c"), append(names, ":splat")
	}
	return path, names
}

// cloudflare returns the answers of Cloudflare's code to the requests of each site.
func cloudflare(t *testing.T, sites []pagesSite) (found [][]pagesAnswer) {
	t.Helper()
	root := tools.Repo(t)
	modules := filepath.Join(root, ".work", "npm", "pages-shared")
	esbuild := filepath.Join(root, "js", "node_modules", ".bin", "esbuild")
	for name, what := range map[string]string{filepath.Join(modules, "package.json"): "npm package " +
		"@cloudflare/pages-shared", esbuild: "npm package esbuild"} {
		if _, err := os.Stat(name); err != nil {
			tools.Missing(t, what)
		}
	}
	source, err := os.ReadFile(filepath.Join("testdata", "cloudflare.js"))
	if err != nil {
		t.Fatal(err)
	}
	// esbuild finds imports of standard input from the directory that it is in.
	bundle := exec.Command(esbuild, "--bundle", "--platform=node", "--log-level=error")
	bundle.Dir, bundle.Stdin = modules, bytes.NewReader(source)
	program := filepath.Join(t.TempDir(), "cloudflare.cjs")
	if err := os.WriteFile(program, tools.Must(t, bundle), 0o644); err != nil {
		t.Fatal(err)
	}
	in, err := json.Marshal(sites)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tools.Path(t, "node"), program)
	cmd.Stdin = bytes.NewReader(in)
	if err := json.Unmarshal(tools.Must(t, cmd), &found); err != nil {
		t.Fatal(err)
	}
	return found
}

// pagesAnswerOf returns the answer of tpk for a site that is mounted below base.
func pagesAnswerOf(t *testing.T, base, mount, target string) pagesAnswer {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	resp, err := client.Get(base + mount + target)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := pagesAnswer{Status: resp.StatusCode, Body: string(body), Fields: map[string]string{}}
	if to, err := resp.Location(); err == nil {
		a.To = strings.TrimPrefix(to.String(), base+mount)
	}
	for name, values := range resp.Header {
		if name := strings.ToLower(name); strings.HasPrefix(name, "x-t-") {
			a.Fields[name] = strings.Join(values, ", ")
		}
	}
	return a
}
