package plan

import (
	"mime"
	"strings"
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
		if clean == "" || strings.ContainsAny(clean, "/ ") || strings.HasSuffix(clean, ".") {
			return nil, BadOption("Types", "%q: an extension is as md or d.ts", ext)
		}
		kind, params, err := mime.ParseMediaType(name)
		if err != nil || !strings.Contains(kind, "/") || !validValue(name) {
			return nil, BadOption("Types", "%q: a media type is as text/plain", name)
		}
		m := media{name, name, asIs}
		if strings.HasPrefix(kind, "text/") && params["charset"] == "" {
			m.utf8 += "; charset=utf-8"
		}
		types[clean] = m
	}
	return types, nil
}
