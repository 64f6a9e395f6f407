// Package fileview renders the page of a file, PATH?list=view: what is known of the file, buttons,
// and its content as far as a [Renderer] can show it.
//
//	view.go      the Viewer: from a plan to a page
//	file.go      File, what a Renderer gets
//	renderer.go  Renderer, what shows one kind of content, and Content, which it returns
//	encoding.go  whether content is text, and in which encoding
//	page.go      what assets/file.html shows
//
// # Renderers
//
// Each kind of content has a Renderer in a package of its own below this one. Package pages has the
// list of them. All that can show a file are offered on its page, and the first of these is the
// default; the others have the address PATH?list=view&as=NAME. To add one:
//
//   - write a package with a variable of type Renderer; its Shows decides by [File.Media],
//     [File.Encoding], [File.Size] and [File.Head], and reads nothing else;
//   - read with [File.Read] or [File.Text], which have a limit, and render with
//     html/template, so that nothing of a file becomes markup or a script of the page;
//   - put styles and scripts into an asset.Set of the package, and name them in the Content: they
//     are loaded only by pages that need them. A script finds the plain file at the data-raw of
//     the element with the ID file, and can read it by ranges. Without it the page has to be
//     usable;
//   - put texts into listing.ViewTexts, in all languages;
//   - add the Renderer to the list in package pages, before more general ones.
//
// A Renderer must bound what it costs: content is hostile. It may be called by several goroutines.
package fileview
