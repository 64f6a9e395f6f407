package listing

import (
	"reflect"
	"regexp"
	"slices"
	"testing"
)

// TestTexts: each language has all texts, with the same places to fill in.
func TestTexts(t *testing.T) {
	sameTexts(t, reflect.ValueOf(*english), reflect.ValueOf(*german))
	for kind := range english.Kinds {
		if german.Kinds[kind] == "" {
			t.Errorf("%s has no word in German", kind)
		}
	}
}

// sameTexts compares the texts of two languages.
func sameTexts(t *testing.T, want, got reflect.Value) {
	t.Helper()
	place := regexp.MustCompile(`%.`)
	for i := range want.NumField() {
		name := want.Type().Field(i).Name
		w, g := want.Field(i), got.Field(i)
		if w.IsZero() || g.IsZero() {
			t.Errorf("%s is missing", name)
		}
		switch w.Kind() {
		case reflect.String:
			if !slices.Equal(place.FindAllString(w.String(), -1), place.FindAllString(g.String(), -1)) {
				t.Errorf("%s: %q and %q", name, w, g)
			}
		case reflect.Map, reflect.Slice:
			if w.Len() != g.Len() {
				t.Errorf("%s: %d and %d texts", name, w.Len(), g.Len())
			}
		case reflect.Struct:
			sameTexts(t, w, g)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, x := range []struct {
		t                   *texts
		num, bytes, one, no string
	}{
		{english, "1,234,567", "1.2 MB", "1 file", "0 files"},
		{german, "1.234.567", "1,2 MB", "1 Datei", "0 Dateien"},
	} {
		if got := []string{x.t.num(1234567), x.t.bytes(1234567), x.t.count(1, x.t.File),
			x.t.count(0, x.t.File)}; !slices.Equal(got, []string{x.num, x.bytes, x.one, x.no}) {
			t.Errorf("%s: %q", x.t.Lang, got)
		}
	}
}
