package serve

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/serve"
)

//go:embed testdata/netlify.js
var netlifyAnswers string

// ruledSite is a site with rules, which has the files kept and t.html, and requests for it.
type ruledSite struct {
	Rules    string   `json:"rules"`
	Requests []string `json:"requests"`
}

// A foundRule is what Netlify's program finds for a request.
type foundRule struct {
	To     string
	Status int
	Force  bool
}

// TestNetlifyRedirects compares how tpk and Netlify's own program understand _redirects: of some
// sites that use everything, and of many that are made at random. What the two do differently on
// purpose, as docs/decisions has it, does not occur.
func TestNetlifyRedirects(t *testing.T) {
	sites := []ruledSite{{
		Rules: "# a comment\n/old /t.html\n/blog/* /t/:splat 302\n/user/:id/:tab /t/:tab/:id 307\n" +
			"/store id=:id /t/item/:id 303\n/store /t/all 308\n/gone /t.html 410\n/kept /t.html 302\n" +
			"/app/* /t.html 200\n\n/*  /t.html   404!\n",
		Requests: []string{"/", "/old", "/old/", "/blog", "/blog/", "/blog/a/b", "/user/7", "/user/7/x",
			"/user/7/x/y", "/store?id=5", "/store?x=1&id=ab", "/store?x=1", "/gone", "/kept", "/app",
			"/app/x/y", "/none"},
	}}
	random := rand.New(rand.NewPCG(20, 26))
	for range 300 {
		sites = append(sites, randomSite(random))
	}
	dir := t.TempDir()
	var o serve.Options
	for i, s := range sites {
		root := filepath.Join(dir, fmt.Sprint(i))
		write(t, filepath.Join(root, "_redirects"), s.Rules)
		write(t, filepath.Join(root, "kept"), "kept")
		write(t, filepath.Join(root, "t.html"), "t.html")
		o.Archives = append(o.Archives, serve.Archive{Path: root, Mount: fmt.Sprint("/", i)})
	}
	base, answers := "http://"+start(t, o), map[string]int{} // by status
	for i, found := range netlify(t, sites) {
		for k, target := range sites[i].Requests {
			want := netlifyAnswer(target, found[k])
			answers[want[:3]]++
			if got := ruledAnswer(t, base+fmt.Sprint("/", i), target); got != want {
				t.Errorf("%s: %s, and Netlify %s, by\n%s", target, got, want, sites[i].Rules)
			}
		}
	}
	t.Log(answers)
}

// randomSite returns one to four rules and a dozen requests that are made of the same names.
func randomSite(random *rand.Rand) (s ruledSite) {
	pick := func(of ...string) string { return of[random.IntN(len(of))] }
	for range 1 + random.IntN(4) {
		s.Rules += randomRule(random, pick)
	}
	for range 12 {
		target := ""
		for range random.IntN(4) {
			target += "/" + pick("a", "b", "c")
		}
		target = "/" + strings.TrimPrefix(pick(target, target, target+"/", "/kept"), "/")
		s.Requests = append(s.Requests, target+pick("", "", "?k=v", "?z=1"))
	}
	return s
}

func randomRule(random *rand.Rand, pick func(...string) string) string {
	path, target := "", "/t"
	for _, name := range []string{pick("a", "b", ":x"), pick("a", ":y"), "b"}[:random.IntN(4)] {
		path += "/" + name
		if strings.HasPrefix(name, ":") {
			target += "/" + name
		}
	}
	switch random.IntN(5) {
	case 0:
		path, target = path+"/*", target+"/:splat"
	case 1:
		path, target = "/kept", "/t/k"
	}
	if path == "" {
		path = "/"
	}
	if random.IntN(5) == 0 {
		path, target = path+" k=:k", target+"/:k"
	}
	status := pick("", "301", "302", "303", "307", "308", "200", "404", "410")
	if status == "200" || strings.HasPrefix(status, "4") {
		target = "/t.html"
	}
	if status != "" {
		status += pick("", "", "!")
	}
	return path + pick(" ", "\t", "   ") + target + " " + status + "\n"
}

// netlify returns what Netlify's program finds for each request of each site.
func netlify(t *testing.T, sites []ruledSite) (found [][]*foundRule) {
	t.Helper()
	in, err := json.Marshal(sites)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tools.Path(t, "node"), "-e", netlifyAnswers)
	cmd.Env = append(cmd.Environ(), "NODE_PATH="+nodeModules(t, "netlify-redirector"))
	cmd.Stdin = bytes.NewReader(in)
	if err := json.Unmarshal(tools.Must(t, cmd), &found); err != nil {
		t.Fatal(err)
	}
	return found
}

// netlifyAnswer returns the answer to a request for which Netlify's program has found a rule, or
// none. A file that is there is sent instead, unless the rule is forced.
func netlifyAnswer(target string, found *foundRule) string {
	path, _, _ := strings.Cut(target, "?")
	switch {
	case path == "/kept" && (found == nil || !found.Force):
		return "200 kept"
	case found == nil:
		return "404"
	case found.Status/100 == 3:
		return fmt.Sprint(found.Status, " to ", found.To)
	}
	return fmt.Sprint(found.Status, " ", strings.TrimPrefix(found.To, "/"))
}

// ruledAnswer returns the answer of tpk in the same form.
func ruledAnswer(t *testing.T, base, target string) string {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	resp, err := client.Get(base + target)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if to, err := resp.Location(); err == nil {
		root, _ := url.Parse(base)
		return fmt.Sprint(resp.StatusCode, " to ", strings.TrimPrefix(to.Path, root.Path))
	}
	if s := string(body); s == "kept" || s == "t.html" {
		return fmt.Sprint(resp.StatusCode, " ", s)
	}
	return fmt.Sprint(resp.StatusCode)
}
