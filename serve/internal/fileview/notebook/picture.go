package notebook

import (
	"encoding/base64"
	"net/http"
	"strings"
)

// pictures are the media types of pictures, the best first.
var pictures = []string{"image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"}

// dataURL returns the data: URL of a picture, or "" if its content is not of its type. SVG stands
// in notebooks as text, others in base64.
func dataURL(kind, content string) string {
	if content == "" {
		return ""
	}
	if kind == "image/svg+xml" {
		if !strings.Contains(content, "<svg") {
			return ""
		}
		return "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString([]byte(content))
	}
	b, err := base64.StdEncoding.DecodeString(content) // ignores line ends
	if err != nil || http.DetectContentType(b) != kind {
		return ""
	}
	return "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(b)
}
