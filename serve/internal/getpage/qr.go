package getpage

import (
	"fmt"
	"html/template"
	"image/color"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// border is how many modules are left empty around a QR code (ISO/IEC 18004).
const border = 4

// longestQR is how many bytes of a URL a QR code has at most: those of more are hard to scan.
const longestQR = 400

// qrCode returns the QR code of a URL as SVG, without any style of its own, or "" if the URL is too
// long. label must be escaped for an attribute.
func qrCode(url, label string) template.HTML {
	if len(url) > longestQR {
		return ""
	}
	code, err := qr.Encode(url, qr.M, qr.Auto)
	if err != nil {
		return ""
	}
	size := code.Bounds().Dx()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="qr" role="img" aria-label="%s" viewBox="0 0 %d %[2]d">`+
		`<rect width="%[2]d" height="%[2]d" fill="#fff"/><path fill="#000" d="`,
		label, size+2*border)
	for y := range size {
		for x := 0; x < size; x++ {
			first := x
			for x < size && code.At(x, y) == color.Black {
				x++
			}
			if x > first {
				fmt.Fprintf(&b, "M%d %dh%dv1H%[1]dz", first+border, y+border, x-first)
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return template.HTML(b.String())
}
