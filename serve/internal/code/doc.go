// Package code shows source code in colours: as spans with classes, for pages of files, documents
// in Markdown and notebooks.
//
//	color.go      Work: what the code of a page may cost
//	classes.go    classes of tokens
//	html.go       code as HTML without line numbers
//	lexers.go     which lexer a file or a language has
//	matchtime.go  how long a lexer tries a rule
//	minimal.go    instead of all these but html.go, with the build tag minimal: nothing has colours
//
// The colours of the classes are in code.css, for span elements in elements of the class line and
// in code elements.
package code
