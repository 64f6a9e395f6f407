package plan

import (
	"mime"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shown is how text of a media type is sent.
type shown uint8

const (
	asText shown = iota // as text/plain: a browser would download it
	asXML               // as text/plain, unless the content begins like XML or HTML
	asIs
)

// displayed are types that all browsers display, beside +json. Chromium displays most of text/*
// (see net::IsSupportedMimeType and blink::IsSupportedNonImageMimeType). Firefox displays only the
// types of nsContentUtils::IsPlainTextType, HTML and XML, and downloads other text, such as
// text/yaml and text/markdown.
var displayed = []string{
	"text/html", "text/plain", "text/css", "text/javascript", "text/ecmascript",
	"text/cache-manifest", "text/vtt", "text/json",
	"application/json", "application/javascript", "application/ecmascript",
	"application/xhtml+xml", "application/pdf", "image/svg+xml",
}

// handedOver are types of text that another program is to have, or a player: the browser or the
// system finds that program by the type.
var handedOver = []string{
	"text/calendar", "text/vcard", "text/x-vcard", "text/rtf", "text/x-component",
	"application/rtf", "application/postscript", "application/vnd.apple.mpegurl",
	"audio/x-mpegurl", "application/x-ns-proxy-autoconfig", "application/x-java-jnlp-file",
	"message/rfc822", gzipType,
}

// showText returns how text of a media type is sent.
func showText(name string) shown {
	is := func(list []string) bool {
		for _, t := range list {
			if t == name {
				return true
			}
		}
		return false
	}
	switch {
	case is(displayed), is(handedOver), strings.HasSuffix(name, "+json"):
		return asIs
	case strings.HasSuffix(name, "+xml"), strings.HasSuffix(name, "/xml"):
		return asXML
	}
	return asText
}

// compileTypes checks configured media types by extension.
func compileTypes(given map[string]string) (map[string]media, error) {
	types := make(map[string]media, len(given))
	for ext, name := range given {
		clean := strings.ToLower(strings.TrimPrefix(ext, "."))
		if strings.ContainsAny(ext, "*?[]{}") {
			return nil, BadOption("Types", "%q: an extension is as md or d.ts, and not a glob", ext)
		}
		if !isExtension(clean) {
			return nil, BadOption("Types", "%q: an extension is as md or d.ts", ext)
		}
		kind, params, err := mime.ParseMediaType(name)
		top, sub, _ := strings.Cut(kind, "/")
		if err != nil || !isTypeName(top) || !isTypeName(sub) || !validValue(name) {
			return nil, BadOption("Types", "%q: a media type is as text/plain", name)
		}
		if was, ok := types[clean]; ok && was.plain != name {
			return nil, BadOption("Types", "%q has two types", clean)
		}
		m := media{name, name, asIs}
		if strings.HasPrefix(kind, "text/") && params["charset"] == "" {
			m.utf8 += "; charset=utf-8"
		}
		types[clean] = m
	}
	return types, nil
}

// isExtension reports whether the name of a file can end in a dot and ext.
func isExtension(ext string) bool {
	return strings.Trim(ext, ".") == ext && ext != "" && utf8.ValidString(ext) &&
		!strings.ContainsFunc(ext, func(c rune) bool {
			return c == '/' || c == '\\' || c == utf8.RuneError || unicode.IsSpace(c) || !unicode.IsPrint(c)
		})
}

// isTypeName reports whether a name is a type or a subtype (RFC 6838 §4.2). Others are no names, as
// the star of a range.
func isTypeName(name string) bool {
	for i := range len(name) {
		c := name[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && (i == 0 || strings.IndexByte("!#$&-^_.+", c) < 0) {
			return false
		}
	}
	return name != "" && len(name) <= 127
}
