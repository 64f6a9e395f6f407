package plan

import (
	_ "embed"
	"strings"

	"github.com/tarpack/tpk/serve/internal/ascii"
)

//go:embed media.types
var mediaTypes string

// media is a media type: as it is, and with a charset for text that is UTF-8.
type media struct{ plain, utf8 string }

const (
	binaryType = "application/octet-stream"
	gzipType   = "application/gzip"
	maxExt     = 16 // bytes of the longest extension
)

// byExtension is the table of mime-db. The lists of IANA, Apache and nginx flow into it, and it is
// renewed often. Go's own table depends on the machine, and other tables are years old.
var byExtension = parseTypes(mediaTypes)

// parseTypes reads media.types: lines of a type and its extensions. "*" marks text with a charset.
func parseTypes(table string) map[string]media {
	types := make(map[string]media, 1300)
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		name, text := strings.CutPrefix(fields[0], "*")
		m := media{name, name}
		if text {
			m.utf8 += "; charset=utf-8"
		}
		for _, ext := range fields[1:] {
			types[ext] = m
		}
	}
	types["tgz"] = media{gzipType, gzipType} // not in mime-db
	return types
}

// mediaType returns the Content-Type of a file: by its extension, else by the beginning of its
// content.
func mediaType(path string, n *Node) string {
	m, ok := lookupExtension(path)
	switch {
	case !ok && n.Sniff != "":
		return n.Sniff
	case !ok:
		return binaryType
	case m.plain == "video/mp2t" && strings.HasPrefix(n.Sniff, "text/"):
		return n.Sniff // .ts and .mts are films or TypeScript
	case n.UTF8 || n.Size == 0:
		return m.utf8
	}
	// The document names its encoding itself, or the browser guesses. A wrong charset would be
	// worse.
	return m.plain
}

// lookupExtension returns the media type of a path's extension, in any mix of cases.
func lookupExtension(path string) (media, bool) {
	ext := extension(path)
	if ext == "" || len(ext) > maxExt {
		return media{}, false
	}
	if m, ok := byExtension[ext]; ok {
		return m, true
	}
	var lower [maxExt]byte
	for i := 0; i < len(ext); i++ {
		c := ext[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		lower[i] = c
	}
	m, ok := byExtension[string(lower[:len(ext)])]
	return m, ok
}

// extension returns what follows the last dot of the last name. It is "" if there is no dot, or
// only one at the beginning of the name.
func extension(path string) string {
	for i := len(path) - 1; i > 0 && path[i] != '/'; i-- {
		if path[i] == '.' {
			if path[i-1] == '/' {
				return ""
			}
			return path[i+1:]
		}
	}
	return ""
}

// selfCoded reports whether a file is gzip by its name. Such a file is sent as it is. With a second
// coding around it, or a Content-Encoding for it, browsers would save something else than the name
// promises. An .svgz is different: its gzip is a content coding of an SVG.
func selfCoded(path, contentType string) (self, svgz bool) {
	if contentType == gzipType {
		return true, false
	}
	ext := extension(path)
	return false, len(ext) == 4 && ascii.EqualFold(ext, "svgz")
}
