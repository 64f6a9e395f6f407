package notebook

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/tarpack/tpk/serve/internal/fileview/ansi"
)

// OutputKind is the form of an output.
type OutputKind string

// The forms of outputs, which are also the classes of elements.
const (
	Stream  OutputKind = "stream"
	Error   OutputKind = "error"
	Picture OutputKind = "picture"
	Text    OutputKind = "text"
	HTML    OutputKind = "html"
	Note    OutputKind = "markdown"
	// OddOutput is malformed.
	OddOutput OutputKind = "odd"
)

// Output is an output of a cell.
type Output struct {
	Kind  OutputKind
	Spans []ansi.Span // of Stream, Error and Text
	// Source is that of Picture, a data: URL. Of HTML and Note it is the markup, not sanitized. Of
	// OddOutput it is the JSON.
	Source string
	Plain  string // what stands for a picture, or for HTML of which nothing is left
	Wrong  bool   // it was written to the stream of errors
}

// output is an output as JSON. The fields of nbformat 3 that 4 has no more come second.
type output struct {
	Kind      string                     `json:"output_type"`
	Name      text                       `json:"name"`
	Text      text                       `json:"text"`
	Data      map[string]json.RawMessage `json:"data"`
	Error     text                       `json:"ename"`
	Message   text                       `json:"evalue"`
	Traceback []text                     `json:"traceback"`

	Stream   text `json:"stream"`
	HTML     text `json:"html"`
	PNG      text `json:"png"`
	JPEG     text `json:"jpeg"`
	SVG      text `json:"svg"`
	Markdown text `json:"markdown"`
	Latex    text `json:"latex"`
}

// read returns what is shown of an output. Its kind is "" if that is nothing.
func (o *output) read() (out Output, cut bool) {
	shown := func(kind OutputKind, s string) (Output, bool) {
		s, cut := clip(s)
		return Output{Kind: kind, Spans: ansi.Spans(s)}, cut
	}
	switch o.Kind {
	case "stream":
		out, cut = shown(Stream, string(o.Text))
		out.Wrong = o.Name == "stderr" || o.Stream == "stderr"
		return out, cut
	case "error", "pyerr":
		lines := make([]string, 0, len(o.Traceback))
		for _, line := range o.Traceback {
			lines = append(lines, string(line))
		}
		if len(lines) == 0 {
			lines = []string{strings.TrimSuffix(string(o.Error+": "+o.Message), ": ")}
		}
		return shown(Error, strings.Join(lines, "\n"))
	}
	forms := o.forms()
	plain := forms["text/plain"]
	for _, kind := range pictures {
		if url := dataURL(kind, forms[kind]); url != "" {
			plain, _ = clip(plain)
			return Output{Kind: Picture, Source: url, Plain: plain}, false
		}
	}
	for _, f := range []struct {
		name string
		kind OutputKind
	}{{"text/html", HTML}, {"text/markdown", Note}} {
		if s := forms[f.name]; s != "" && len(s) <= maxText {
			plain, cut = clip(plain)
			return Output{Kind: f.kind, Source: s, Plain: plain}, cut
		}
	}
	for _, name := range []string{"text/plain", "text/latex", "application/json"} {
		if s := forms[name]; s != "" {
			return shown(Text, s)
		}
	}
	return Output{}, false
}

// forms returns the forms of an output by media type.
func (o *output) forms() map[string]string {
	forms := map[string]string{"text/html": string(o.HTML), "text/plain": string(o.Text),
		"image/png": string(o.PNG), "image/jpeg": string(o.JPEG), "image/svg+xml": string(o.SVG),
		"text/markdown": string(o.Markdown), "text/latex": string(o.Latex)}
	for name, raw := range o.Data {
		var s text
		_ = s.UnmarshalJSON(raw) // never fails
		if s == "" && name == "application/json" {
			s = text(raw)
		}
		if slices.Contains(known, name) {
			forms[name] = string(s)
		}
	}
	return forms
}

// known are the media types that can be shown.
var known = append([]string{"text/plain", "text/html", "text/markdown", "text/latex",
	"application/json"}, pictures...)
