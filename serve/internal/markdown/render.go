//go:build !minimal

package markdown

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"

	"github.com/tarpack/tpk/serve/internal/turns"
)

// Supported reports whether this build renders documents.
const Supported = true

// Limits of what is nested in a document.
const (
	maxNesting = 200     // quotes, lists and emphasis
	maxWork    = 1 << 27 // steps to find out which marks belong together; see budget.go
)

// Render returns a document as HTML: GitHub's Markdown with footnotes, raw HTML as far as it is
// harmless. Headings are one level lower than in the document, since the page has one of its own.
// Bytes that are not UTF-8 are replaced.
//
// It returns ErrTooLarge or ErrTooDeep for a document that should be shown as text. So the time
// that it takes is bounded, whatever the document has in it. It returns ErrBusy if it has waited
// for others for a second.
func Render(source []byte, o Options) ([]byte, error) {
	if len(source) > MaxSize {
		return nil, ErrTooLarge
	}
	done, err := rendering.TakeWithin(context.Background(), time.Second, ErrBusy)
	if err != nil {
		return nil, err
	}
	defer done()
	source = withoutMatter(bytes.ToValidUTF8(source, []byte("\ufffd")))
	md := converter()
	tree, err := parse(md.Parser(), source)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := md.Renderer().Render(&b, source, tree); err != nil {
		return nil, err
	}
	return shape(sanitizer().SanitizeBytes(b.Bytes()), o)
}

// rendering limits how many documents are rendered at once, which are all that a processor does.
var rendering = turns.Half()

// converter returns what parses and renders all documents.
var converter = sync.OnceValue(func() goldmark.Markdown {
	return goldmark.New(
		goldmark.WithExtensions(extension.Linkify, extension.Strikethrough, extension.TaskList,
			extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)),
			extension.Footnote),
		goldmark.WithParserOptions(parser.WithParagraphTransformers(
			util.Prioritized(paragraphs{}, 50))), // before tables
		goldmark.WithRendererOptions(html.WithUnsafe(), // package bluemonday cleans it
			renderer.WithNodeRenderers(util.Prioritized(tasks{}, 100))))
})

// Boxes of tasks.
const boxOpen, boxDone = "☐ ", "☑ "

// tasks renders the boxes of task lists as characters, since there are no forms.
type tasks struct{}

// RegisterFuncs implements renderer.NodeRenderer.
func (tasks) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(east.KindTaskCheckBox, func(w util.BufWriter, _ []byte, n ast.Node, in bool) (
		ast.WalkStatus, error) {
		if !in {
			return ast.WalkContinue, nil
		}
		box := boxOpen
		if n.(*east.TaskCheckBox).IsChecked {
			box = boxDone
		}
		_, err := w.WriteString(box)
		return ast.WalkContinue, err
	})
}

// withoutMatter returns a document without the front matter of site generators, a block of YAML
// between two lines of three dashes.
func withoutMatter(source []byte) []byte {
	rest, ok := bytes.CutPrefix(source, []byte("---\n"))
	if !ok {
		return source
	}
	if _, after, ok := bytes.Cut(rest, []byte("\n---\n")); ok {
		return after
	}
	return source
}
