// Package markdown renders Markdown as HTML that a page of the server can have in it.
//
//	options.go   Options, and the errors of documents
//	render.go    Render: GitHub's Markdown to HTML, by goldmark
//	fragment.go  Sanitize: HTML that is not in a document
//	sanitize.go  which elements and attributes stay, by bluemonday
//	reopen.go    HTML that would grow when it is parsed
//	shape.go     the tree of elements: levels and ids of headings, links, pictures
//	code.go      colours of blocks of code
//	base.go      Base: references of a document, as those of the page that shows it
//	minimal.go   instead of what renders, with the build tag minimal: callers show text
//
// Nothing in a document is trusted. What Render returns has no script, style, form, frame or event
// handler. It loads nothing from elsewhere, and it can't end the element that it is put into. Its
// ids begin with [IDPrefix], so they never are those of the page.
package markdown
