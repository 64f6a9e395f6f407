package plan

import (
	_ "embed"
	"strings"

	"github.com/tarpack/tpk/serve/internal/ascii"
)

//go:embed media.types
var mediaTypes string

// media is a media type as it is sent: as it is, and with the charset that text gets which is seen to be UTF-8.
type media struct{ plain, utf8 string }

const (
	binaryType = "application/octet-stream"
	gzipType   = "application/gzip"
	maxExt     = 16 // bytes of the longest extension looked for
)

// byExtension is the table of mime-db, chosen because IANA's, Apache's and nginx's lists flow into it and it
// is renewed with every browser generation; Go's own depends on the machine, others are years old.
var byExtension = parseTypes(mediaTypes)

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
	types["tgz"] = media{gzipType, gzipType} // mime-db knows no .tgz, and x-compressed says nothing
	return types
}

// mediaType is the Content-Type of a file: by its extension, else by what its content looked like when it was packed.
func mediaType(path string, n *Node) string {
	m, ok := lookupExtension(path)
	switch {
	case !ok && n.Sniff != "":
		return n.Sniff
	case !ok:
		return binaryType
	case m.plain == "video/mp2t" && strings.HasPrefix(n.Sniff, "text/"):
		return n.Sniff // .ts and .mts: a film, or TypeScript
	case n.UTF8 || n.Size == 0:
		return m.utf8
	}
	return m.plain // the document says its encoding itself, or the browser guesses: better than a wrong word
}

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

// extension is what follows the last dot of the last name, "" if there is none or the name starts with it.
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

// selfCoded is content that the name says is gzip: it goes out as it is, since a second coding around it, or a
// Content-Encoding for it, makes browsers save something else than the name says. An .svgz is the exception:
// there the gzip is a content coding of an SVG.
func selfCoded(path, contentType string) (self, svgz bool) {
	if contentType == gzipType {
		return true, false
	}
	ext := extension(path)
	return false, len(ext) == 4 && ascii.EqualFold(ext, "svgz")
}
