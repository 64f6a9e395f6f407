// Package notebook shows Jupyter notebooks of nbformat 3 and 4: their cells, and the outputs that
// are kept in them.
//
//	parse.go     JSON to a Notebook
//	list.go      lists of JSON, which may be longer than what is shown of them
//	output.go    which of the forms of an output is shown
//	picture.go   pictures as data: URLs
//	render.go    the Renderer
//
// Nothing of a notebook runs. HTML and Markdown go through package markdown, which sanitizes them.
// Pictures are shown by img elements, in which an SVG can neither run scripts nor load anything. As
// their bytes stand in the notebook and at no address of their own, they are in the page as data:
// URLs. So pages of notebooks, and no others, have "img-src data:" in their
// Content-Security-Policy.
package notebook
