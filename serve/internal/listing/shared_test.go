package listing

import (
	"strings"
	"testing"
)

func TestFieldsAllowing(t *testing.T) {
	for directive, want := range map[string]string{
		"":                "form-action 'self'; base-uri 'none'; frame-ancestors 'none'\r\n",
		"font-src 'self'": "frame-ancestors 'none'; font-src 'self'\r\n",
		"img-src data:":   "script-src 'self'; img-src data: 'self'; media-src",
	} {
		if got := FieldsAllowing(directive); !strings.Contains(got, want) {
			t.Errorf("%q: %s", directive, got)
		}
	}
	if FieldsAllowing("") != PageFields {
		t.Error("nothing changes the fields")
	}
}
