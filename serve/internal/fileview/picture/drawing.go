package picture

import (
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"io"
	"regexp"
	"strings"

	"github.com/tarpack/tpk/serve/internal/fileview"
	"github.com/tarpack/tpk/serve/internal/textenc"
)

// A few hundred bytes of SVG can keep a browser busy for hours, and a tab with it. So a drawing is
// only shown at once if an estimate of the work is small.

// Limits of a drawing that is shown at once.
const (
	maxDrawing  = 2 << 20 // bytes, those of an .svgz when it is unpacked
	maxElements = 20_000  // each as often as it is drawn
)

// tooComplex reports whether a file is SVG that may keep a browser busy for long, or can't be
// estimated.
func tooComplex(f *fileview.File) (bool, error) {
	if !strings.HasPrefix(f.Media, "image/svg") {
		return false, nil
	}
	if f.Size > maxDrawing {
		return true, nil
	}
	b, err := f.Read(maxDrawing)
	if err != nil {
		return false, err
	}
	if bytes.HasPrefix(b, []byte("\x1f\x8b")) {
		if b, err = unpacked(b); err != nil || len(b) > maxDrawing {
			return true, nil //nolint:nilerr // what is no gzip can't be drawn
		}
	}
	text := textenc.Decode(b, false, textenc.Detect(b, false, f.Media))
	n, ok := elements(text)
	return !ok || n > maxElements, nil
}

// unpacked returns the content of gzip members, or the beginning of what is longer than maxDrawing.
func unpacked(b []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(z, maxDrawing+1))
}

// element is an element of a drawing.
type element struct {
	inside []int    // elements
	refs   []string // ids of what is drawn here
	cost   int      // elements that are drawn for it; 0 is not known yet
	open   bool     // its cost is being found out
}

// drawing is the elements of a drawing, of which the first is around all others.
type drawing struct {
	all []element
	ids map[string]int
}

// elements returns how many elements are drawn, each as often as use and the like refer to it. If
// they are more than maxElements, it is only known that they are. It returns false if the text
// can't be read.
func elements(text string) (int, bool) {
	d := &drawing{all: make([]element, 1), ids: map[string]int{}}
	x := xml.NewDecoder(strings.NewReader(text))
	x.Strict = false
	x.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	stack := []int{0}
	for {
		token, err := x.RawToken()
		if err == io.EOF {
			return d.cost(0), true
		}
		if err != nil {
			return 0, false
		}
		switch t := token.(type) {
		case xml.StartElement:
			if len(d.all) > maxElements {
				return len(d.all), true
			}
			n := len(d.all)
			d.all = append(d.all, element{})
			d.attributes(n, t.Attr)
			in := &d.all[stack[len(stack)-1]]
			in.inside = append(in.inside, n)
			stack = append(stack, n)
		case xml.EndElement:
			if len(stack) > 1 {
				stack = stack[:len(stack)-1]
			}
		case xml.Directive:
			if markup.Match(t) {
				return 0, false
			}
		}
	}
}

// markup matches entities that have elements or other entities in them, which may be written often.
var markup = regexp.MustCompile(`<!ENTITY[^>]*?["'][^"'>]*[<&]`)

// reference matches what paint, masks, markers and so on are drawn by.
var reference = regexp.MustCompile(`url\(\s*["']?#([^"')\s]+)`)

// attributes notes the id of an element and what it refers to.
func (d *drawing) attributes(n int, list []xml.Attr) {
	for _, a := range list {
		switch a.Name.Local {
		case "id":
			if _, ok := d.ids[a.Value]; !ok {
				d.ids[a.Value] = n
			}
		case "href":
			if id, ok := strings.CutPrefix(strings.TrimSpace(a.Value), "#"); ok {
				d.all[n].refs = append(d.all[n].refs, id)
			}
		default:
			for _, m := range reference.FindAllStringSubmatch(a.Value, -1) {
				d.all[n].refs = append(d.all[n].refs, m[1])
			}
		}
	}
}

// cost returns how many elements are drawn for one, at most maxElements+1. An element that refers
// to itself is not drawn.
func (d *drawing) cost(n int) int {
	e := &d.all[n]
	if e.cost > 0 || e.open {
		return e.cost
	}
	e.open = true
	sum := 1
	for _, in := range e.inside {
		sum = min(sum+d.cost(in), maxElements+1)
	}
	for _, id := range e.refs {
		if to, ok := d.ids[id]; ok {
			sum = min(sum+d.cost(to), maxElements+1)
		}
	}
	e.open, e.cost = false, sum
	return sum
}
