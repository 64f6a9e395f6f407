package variants_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	codings "github.com/tarpack/tpk/sidecar/variants"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/siblings"
	"github.com/tarpack/tpk/tarpack/signature"
	"github.com/tarpack/tpk/tarpack/variants"
)

func TestBuildOptions(t *testing.T) {
	dir, packed := site(t), &siblings.Set{}
	content, err := os.ReadFile(filepath.Join(dir, "script.js"))
	if err != nil {
		t.Fatal(err)
	}
	tartest.WriteFile(t, filepath.Join(dir, "script.js.br"), []byte(tartest.Brotli(string(content))))
	archive := tartest.Pack(t, dir, pack.Options{Siblings: packed})
	br := codings.Settings{Codings: codings.Codings(0).With(codings.Brotli), Level: 1}
	dcz := codings.Settings{Codings: codings.Codings(0).With(codings.DictionaryZstd), Level: 1}
	for what, c := range map[string]struct {
		o    variants.Options
		want func(res *variants.Result) bool
	}{
		"Settings": {variants.Options{Settings: br}, func(res *variants.Result) bool {
			return res.Settings == br && res.Codings[codings.Zstd].Contents == 0
		}},
		"DictionarySize": {variants.Options{Settings: dcz, DictionarySize: 4000},
			func(res *variants.Result) bool {
				return res.DictionaryBytes > 0 && res.DictionaryBytes <= 4000
			}},
		"Siblings": {variants.Options{Siblings: packed}, func(res *variants.Result) bool {
			return res.Siblings == 1 && res.Contents == 1 && res.Codings[codings.Brotli].Contents == 1
		}},
		"Workers": {variants.Options{Settings: br, Workers: 7}, func(*variants.Result) bool {
			return variants.Workers(7) == 7 && variants.Workers(0) > 0
		}},
	} {
		res := build(t, archive, c.o)
		if !c.want(&res) {
			t.Errorf("%s: %+v", what, res)
		}
		if _, err := variants.Drop(archive); err != nil {
			t.Fatal(err)
		}
	}
	var last format.Progress
	build(t, archive, variants.Options{Settings: br, Progress: func(p format.Progress) {
		if p.Entries != last.Entries+1 || p.Bytes <= last.Bytes {
			t.Errorf("progress %v after %v", p, last)
		}
		last = p
	}})
	if goal := variants.Work(tartest.Open(t, archive).Index()); last != goal {
		t.Errorf("progress %v, of %v", last, goal)
	}
}

func TestVerifyOptions(t *testing.T) {
	archive := tartest.Pack(t, site(t), pack.Options{SHA256: true})
	tartest.Sign(t, archive)
	res := build(t, archive, variants.Options{Settings: all})
	other := &signature.Trust{Key: tartest.NewKey(t).Public()}
	_, err := variants.Verify(t.Context(), archive, variants.VerifyOptions{Trust: other})
	if err == nil || !strings.Contains(err.Error(), "key") {
		t.Errorf("another key: %v", err)
	}
	entries := int64(0)
	v, err := variants.Verify(t.Context(), archive, variants.VerifyOptions{Workers: 1,
		Progress: func(p format.Progress) { entries = p.Entries }})
	if err != nil || v.Failed > 0 || entries != res.Contents {
		t.Errorf("%+v of %d contents, %d in progress: %v", v, res.Contents, entries, err)
	}
}
