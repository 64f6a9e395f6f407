package picture

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve/internal/fileview"
)

const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">`

// nested returns a drawing whose groups have ten references each to the group before.
func nested(groups int, reference string) string {
	s := svg + `<g id="g0"><path/></g>`
	for i := 1; i < groups; i++ {
		s += fmt.Sprintf("<g id='g%d'>", i) +
			strings.Repeat(fmt.Sprintf(reference, fmt.Sprintf("g%d", i-1)), 10) + "</g>"
	}
	return s + "</svg>"
}

func gzipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	return b.String()
}

// TestTooComplex: drawings of a few hundred bytes that browsers would draw for hours are not shown
// at once.
func TestTooComplex(t *testing.T) {
	small := svg + "<path/></svg>"
	for name, x := range map[string]struct {
		content string
		want    bool
	}{
		"small":           {small, false},
		"many elements":   {svg + strings.Repeat("<path/>", maxElements+1) + "</svg>", true},
		"some elements":   {svg + strings.Repeat("<path/>", maxElements/2) + "</svg>", false},
		"use":             {nested(10, `<use href="#%s"/>`), true},
		"xlink":           {nested(10, `<use xlink:href=" #%s"/>`), true},
		"patterns":        {nested(10, `<path fill="url( '#%s' )"/>`), true},
		"style":           {nested(10, `<path style="fill:red;mask:url(#%s)"/>`), true},
		"little use":      {nested(3, `<use href="#%s"/>`), false},
		"itself":          {svg + `<g id="a"><use href="#a"/><use href="#b"/></g></svg>`, false},
		"nothing":         {svg + `<use href="#none"/></svg>`, false},
		"deep":            {svg + strings.Repeat("<g>", 15000) + strings.Repeat("</g>", 15000), false},
		"long":            {svg + "<!--" + strings.Repeat(" ", maxDrawing) + "--></svg>", true},
		"svgz":            {gzipped(small), false},
		"a long svgz":     {gzipped(svg + strings.Repeat(" ", maxDrawing) + "</svg>"), true},
		"use in svgz":     {gzipped(nested(10, `<use href="#%s"/>`)), true},
		"two members":     {gzipped(svg) + gzipped(strings.Repeat("<path/>", maxElements+1)), true},
		"a cut svgz":      {gzipped(small)[:20], true},
		"empty":           {"", false},
		"not XML":         {"<svg", true},
		"names in DTD":    {`<!DOCTYPE svg [<!ENTITY ns "http://example.org/">]>` + small, false},
		"markup in DTD":   {`<!DOCTYPE svg [<!ENTITY a "<path/>">]>` + small, true},
		"entities in DTD": {`<!DOCTYPE svg [<!ENTITY a "x"><!ENTITY b '&a;&a;'>]>` + small, true},
		"UTF-16":          {"\xff\xfe<\x00s\x00v\x00g\x00/\x00>\x00", false},
		"Latin-1":         {`<?xml version="1.0" encoding="ISO-8859-1"?>` + small, false},
	} {
		f := &fileview.File{Media: "image/svg+xml", Head: []byte(x.content), Size: int64(len(x.content))}
		if got, err := tooComplex(f); got != x.want || err != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		f.Media = "image/png"
		if got, err := tooComplex(f); got || err != nil {
			t.Errorf("%s as PNG: %v, %v", name, got, err)
		}
	}
}
