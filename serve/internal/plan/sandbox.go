package plan

import (
	"strings"

	"github.com/tarpack/tpk/serve/internal/ascii"
)

// sandbox makes the origin of a document opaque (HTML, "The origin of documents"). Its scripts
// can't read or change other pages of the host, its storage or its cookies. A policy that the site
// sends besides can only forbid more.
const sandbox = "Content-Security-Policy: sandbox allow-scripts allow-forms allow-popups " +
	"allow-popups-to-escape-sandbox allow-modals allow-downloads allow-pointer-lock " +
	"allow-presentation allow-orientation-lock\r\n"

// compileSandbox returns the paths of Options.Sandbox without slashes at their ends.
func compileSandbox(given []string) ([]string, error) {
	var list []string
	for _, path := range given {
		clean := strings.Trim(path, "/")
		if path == "" || path[0] != '/' || strings.Contains(clean, "//") {
			return nil, BadOption("Sandbox", "%q: it is a path such as /docs, or / for all", path)
		}
		list = append(list, clean)
	}
	return list, nil
}

// sandboxed reports whether documents at a path are sandboxed.
func (pl *Planner) sandboxed(path string) bool {
	for _, dir := range pl.sandbox {
		if within(dir, path) {
			return true
		}
	}
	return false
}

// pdfType is the type of documents that browsers don't display in a sandbox. Their viewers run no
// script in the origin of the host.
const pdfType = "application/pdf"

// protect sandboxes p, the answer to a request for path with the file n, if one of them is below a
// path of Options.Sandbox. A rule of another site or a symbolic link may have led to the file. A
// 304 has no type: there the name decides.
func (pl *Planner) protect(p *Plan, n *Node, path, file string) {
	if len(pl.sandbox) == 0 {
		return
	}
	pdf := p.Type == pdfType || p.Type == "" && ascii.EqualFold(extension(file), "pdf")
	p.sandboxed = !pdf && (pl.sandboxed(path) || pl.sandboxed(file) || pl.sandboxed(n.Name))
}
