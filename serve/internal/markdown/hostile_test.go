package markdown

import (
	"bytes"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/tarpack/tpk/serve/internal/code"
)

// hostile are documents that try to do more than show something.
var hostile = []string{
	"<script>alert(1)</script>", "<scr<script>ipt>alert(1)</script>", "<SCRIPT SRC=//x>",
	"[a](javascript:alert(1))", "[a](JaVaScRiPt:alert(1))", "[a](&#106;avascript:alert(1))",
	"[a](<java\tscript:alert(1)>)", "<a href=\"java\nscript:alert(1)\">a</a>", "[a](vbscript:x)",
	"<a href=\" \x01javascript:alert(1)\">a</a>", "[a](data:text/html,<script>alert(1)</script>)",
	"![a](data:image/svg+xml;base64,PHN2Zz4=)", "![a](javascript:alert(1))", "![a](//x/y.png)",
	"<img src=x onerror=alert(1)>", "<img src=\"x\"onerror=alert(1)>", "<img/src=x/onerror=alert(1)>",
	"<b style=\"position:fixed\" class=away>a</b>", "<style>*{display:none}</style>",
	"<link rel=stylesheet href=//x>", "<meta http-equiv=refresh content=\"0;url=//x\">",
	"<base href=//x>", "<form action=//x><input name=a><button>b</button></form>",
	"<iframe src=//x></iframe>", "<object data=x></object>", "<embed src=x>", "<frameset>",
	"<svg onload=alert(1)><a xlink:href=javascript:alert(1)>a</a></svg>",
	"<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
	"<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">", "<template><b>a</template>",
	"<textarea></div><script>x</script>", "<title><img src=x onerror=alert(1)></title>",
	"<xmp><img src=x onerror=alert(1)></xmp>", "<plaintext>", "<select><option>a</select>",
	"<video src=x autoplay onplay=alert(1)></video>", "<audio src=x>", "<a id=find name=q>a</a>",
	"<a href=x target=_blank ping=//x onclick=alert(1)>a</a>", "<dialog open>a</dialog>",
	"<picture><source srcset=\"//x/y.png\"><img src=a></picture>", "<img srcset=\"//x/y.png 2x\">",
	"<!--><img src=x onerror=alert(1)>-->", "<![CDATA[><img src=x onerror=alert(1)>]]>",
	"<details ontoggle=alert(1) open>a", "</div></section></main><h1>a</h1>", "<table><a><td><form>",
	"```go\nfunc f() { return \"</code></pre><script>x</script>\" }\n```",
	"<pre><code class=language-html>&lt;b onclick=x>&lt;/code> <i class=k>", "<span class=k>a</span>",
	"[a]: javascript:x\n\n[a]", "```\"onclick=x\na\n```", "| a\n|-\n|<script>x</script>",
	"[^\"><img src=x onerror=alert(1)>]\n\n[^\"><img src=x onerror=alert(1)>]: b",
	"# <img src=x onerror=alert(1)>", "<p id=\"a\" id=\"b\">a", "<h1 id=list>a</h1>",
	"<span background=//x>a</span>", "<td background=//x>", "<a href=\"\\\\x\\y\">a</a>",
}

// FuzzRender parses what was rendered, as a browser does, and looks for what is not allowed.
func FuzzRender(f *testing.F) {
	for _, s := range hostile {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		base := Base{Folder: "in/", Root: "../"}
		out, err := Render(source, base.Options(code.NewWork()))
		if err != nil {
			return
		}
		page := slices.Concat([]byte("<!DOCTYPE html><main><div id=readme>"), out,
			[]byte("</div><p id=after></main>"))
		doc, err := html.Parse(bytes.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		var readme *html.Node
		for n := range doc.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			switch value(n, "id") {
			case "readme":
				readme = n
			case "after":
				if n.Parent.DataAtom != atom.Main || n.PrevSibling != readme {
					t.Fatalf("it leaves its element: %q\n%s", source, out)
				}
			}
		}
		ids := map[string]bool{}
		for n := range readme.Descendants() {
			switch n.Type {
			case html.ElementNode:
				check(t, n, out)
			case html.CommentNode, html.DoctypeNode:
				t.Fatalf("it has a comment: %q", out)
			}
			if id := value(n, "id"); id != "" {
				if ids[id] {
					t.Fatalf("the id %q is there twice: %q", id, out)
				}
				ids[id] = true
			}
		}
	})
}

func value(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// harmless are the attributes that may have any value.
var harmless = strings.Fields("title lang dir alt width height align colspan rowspan start value " +
	"reversed type open media")

// check fails if an element or an attribute is not allowed.
func check(t *testing.T, n *html.Node, out []byte) {
	t.Helper()
	if !slices.Contains(elements, n.Data) || n.Namespace != "" || n.Data == "h1" {
		t.Fatalf("<%s> in %q", n.Data, out)
	}
	for _, a := range n.Attr {
		ok := false
		switch a.Key {
		case "href":
			ok = n.Data == "a" && allowed(a.Val, true)
		case "src":
			ok = n.Data == "img" && allowed(a.Val, false)
		case "srcset":
			ok = n.Data == "source"
			for one := range strings.SplitSeq(a.Val, ",") {
				ok = ok && allowed(strings.Fields(one)[0], false)
			}
		case "id":
			ok = strings.HasPrefix(a.Val, IDPrefix)
		case "class":
			ok = strings.HasPrefix(a.Val, "footnote") || strings.HasPrefix(a.Val, "language-") ||
				a.Val == "wide" || a.Val == "task" || a.Val == "alt" || n.Data == "span" &&
				n.Parent.Data == "code" && len(n.Attr) == 1 && slices.Contains(code.Classes(), a.Val)
		case "role":
			ok = strings.HasPrefix(a.Val, "doc-")
		case "tabindex":
			ok = a.Val == "0"
		case "loading":
			ok = a.Val == "lazy"
		default:
			ok = slices.Contains(harmless, a.Key)
		}
		if !ok || a.Namespace != "" {
			t.Fatalf("%s=%q in %q", a.Key, a.Val, out)
		}
	}
}

// allowed reports whether a page may have a reference: to its own server, or to another one in a
// link.
func allowed(ref string, link bool) bool {
	u, err := url.Parse(ref)
	if err != nil {
		return false
	}
	if u.Scheme == "" && u.Host == "" {
		return strings.HasPrefix(ref, "in/") || strings.HasPrefix(ref, "../") ||
			link && strings.HasPrefix(ref, "#"+IDPrefix)
	}
	return link && (u.Scheme == "" || slices.Contains(schemes, u.Scheme))
}
