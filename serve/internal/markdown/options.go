package markdown

import (
	"errors"
	"fmt"

	"github.com/tarpack/tpk/serve/internal/code"
)

// MaxSize is the size in bytes of the largest document that is rendered. GitHub shows documents of
// up to 500 KiB.
const MaxSize = 512 << 10

// IDPrefix is what all ids in rendered HTML begin with. A fragment of a URL that leads to a heading
// has it, too.
const IDPrefix = "md-"

// Errors of documents that can't be shown but as text. ErrBusy is an error of the moment.
var (
	ErrTooLarge = fmt.Errorf("the document has more than %d bytes", MaxSize)
	ErrTooDeep  = errors.New("the document is nested too deeply")
	ErrBusy     = errors.New("other documents are being rendered")
)

// Options are what the HTML depends on besides the document.
type Options struct {
	// Link returns where a link leads, and Picture where a picture is, as references from the page.
	// They are given references of the document without scheme or host. A link or a picture for
	// which they return "" is shown as its text. If they are nil, references stay as they are; see
	// [Base] for others.
	Link, Picture func(ref string) string
	// Code colours blocks of code that name their language. Nil is no colours.
	Code *code.Work
}
