package fileview

import (
	"html/template"

	"github.com/tarpack/tpk/serve/internal/listing"
)

// A Renderer shows one kind of content.
type Renderer struct {
	// Name is the value of the key as in the query. It is part of addresses that people keep.
	Name string
	// Label returns what the link to this way to show a file is called.
	Label func(*listing.Texts) string
	// Shows reports whether Render can show the file. It must be quick.
	Shows func(*File) bool
	// Render returns what the page has of the content. If that can't be shown after all, it is the
	// text, below the reason. Errors are those of reading the file, and fail the request.
	Render func(*File) (Content, error)
}

// Content is what a Renderer makes of a file.
type Content struct {
	// HTML is put into the page as it is. It must have been made by html/template.
	HTML template.HTML
	// Facts are further facts, as the number of lines, for the line below the name.
	Facts []string
	// Styles and Scripts are references to files of an asset.Set, in the order to load them.
	Styles, Scripts []template.URL
	// Allow is a further directive of the Content-Security-Policy, as "font-src 'self'". It must not
	// allow other scripts or styles.
	Allow string
}
