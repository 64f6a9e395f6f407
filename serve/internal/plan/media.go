package plan

import (
	_ "embed"
	"strings"
)

//go:embed media.types
var mediaTypes string

// media is a media type: as it is, and with a charset for text that is UTF-8.
type media struct {
	plain, utf8 string
	show        shown
}

const (
	binaryType   = "application/octet-stream"
	gzipType     = "application/gzip"
	protobufType = "application/x-protobuf" // as tile servers send map tiles and glyphs
	plainText    = "text/plain"
	maxExt       = 16 // bytes of the longest extension
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
		m := media{name, name, showText(name)}
		if text {
			m.utf8 += "; charset=utf-8"
		}
		for _, ext := range fields[1:] {
			types[ext] = m
		}
	}
	// These are not in mime-db.
	types["tgz"] = media{gzipType, gzipType, asIs}
	types["pbf"] = media{protobufType, protobufType, asIs}
	return types
}

// MediaType returns the Content-Type of a file: the configured one of its extension, else that of
// the table, else one by the beginning of its content. Text of a type that browsers download is
// sent as text/plain, which they show. It trusts the beginning of content that is gzip.
func (pl *Planner) MediaType(path string, n *Node) string {
	return pl.mediaType(path, n, pl.namedGzip(path, n))
}

// ServedType is MediaType of a file that was found at path, maybe by symbolic links.
func (pl *Planner) ServedType(path string, n *Node) string {
	return pl.MediaType(pl.typePath(path, n), n)
}

// typePath returns the path that decides the media type of a file: the one where it was found,
// unless only the one that symbolic links led to has a known extension.
func (pl *Planner) typePath(path string, n *Node) string {
	if _, known := pl.lookupExtension(path); !known && n.Name != "" {
		return n.Name
	}
	return path
}

// mediaType is MediaType. own means that the content is sent inflated, or with its own gzip as the
// coding: then the type is that of what is inside.
func (pl *Planner) mediaType(path string, n *Node, own bool) string {
	if own {
		return pl.innerType(path)
	}
	m, ok := pl.lookupExtension(path)
	switch {
	case !ok && n.Sniff != "":
		return n.Sniff
	case !ok:
		return binaryType
	case m.show != asIs && isText(n) && (m.show != asXML || strings.HasPrefix(n.Sniff, "text/plain")):
		if n.UTF8 {
			return plainText + "; charset=utf-8"
		}
		return plainText
	case n.UTF8 || n.Size == 0:
		return m.utf8
	}
	// The document names its encoding itself, or the browser guesses. A wrong charset would be
	// worse.
	return m.plain
}

// isText reports whether the content begins like text.
func isText(n *Node) bool { return n.UTF8 || strings.HasPrefix(n.Sniff, "text/") }

// lookupExtension returns the media type of a path's extension, in any mix of cases. The configured
// types come first.
func (pl *Planner) lookupExtension(path string) (media, bool) {
	if m, _, ok := pl.configured(path); ok {
		return m, true
	}
	return lookupTable(path)
}

// configured returns the configured media type of a path and the extension that it is for, the
// longest one of the path.
func (pl *Planner) configured(path string) (m media, ext string, ok bool) {
	if len(pl.types) == 0 {
		return m, "", false
	}
	name := strings.ToLower(lastName(path))
	for i := 1; i < len(name)-1; i++ {
		if m, ok := pl.types[name[i+1:]]; ok && name[i] == '.' {
			return m, name[i+1:], true
		}
	}
	return m, "", false
}

// html is what most requests are for. Comparing four bytes takes less time than finding them.
var html = byExtension["html"]

// lookupTable is lookupExtension without the configured types.
func lookupTable(path string) (media, bool) {
	ext := extension(path)
	if ext == "" || len(ext) > maxExt {
		return media{}, false
	}
	if ext == "html" {
		return html, true
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

// selfCoded reports whether the file's name, or its configured type, promises gzip. Such a file is
// sent as it is. With a second coding around it, or a Content-Encoding for it, browsers would save
// something else than the name promises.
func selfCoded(path, contentType string) bool {
	m, _ := lookupTable(path)
	return m.plain == gzipType || contentType == gzipType
}
