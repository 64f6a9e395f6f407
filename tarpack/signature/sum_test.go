package signature_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/signature"
)

func hash(text string) signature.Hash { return sha256.Sum256([]byte(text)) }

var oneFile = signature.Sum{Size: 5103402, Index: hash("index"),
	Files: []signature.File{{Name: "site.tar.gz", SHA256: hash("site")}}}

var twoShards = signature.Sum{Size: 1 << 50, Index: hash("index"), List: hash("list"),
	Files: []signature.File{
		{Name: "a b-00000-of-00002.tar.gz", SHA256: hash("0")},
		{Name: "a b-00001-of-00002.tar.gz", SHA256: hash("1")},
	}}

// TestSumText requires the text of FORMAT.md 6.1.
func TestSumText(t *testing.T) {
	want := fmt.Sprintf("# tpk sum 1\n# size 5103402\n# index %x\n%x  site.tar.gz\n",
		hash("index"), hash("site"))
	if got := string(oneFile.Append(nil)); got != want {
		t.Errorf("%q\nwant %q", got, want)
	}
	for _, s := range []signature.Sum{oneFile, twoShards} {
		got, err := signature.Parse(s.Append(nil))
		if err != nil || !reflect.DeepEqual(*got, s) {
			t.Errorf("%v, %v\nwant %v", got, err, s)
		}
	}
}

// TestSumRefused requires that each text other than the ones that Append writes is refused.
func TestSumRefused(t *testing.T) {
	text := string(oneFile.Append(nil))
	edit := func(old, by string) string {
		edited := strings.Replace(text, old, by, 1)
		if edited == text {
			t.Fatalf("no %q", old)
		}
		return edited
	}
	index := fmt.Sprintf("# index %x\n", hash("index"))
	for _, bad := range []string{
		"", "\n", "# tpk sum 1\n", text[:len(text)-1], text + "\n", text + "# \n", "\n" + text,
		edit("sum 1", "sum 01"), edit("sum 1", "sum 0"), edit("sum 1", "sum -1"), edit("sum 1", "sum"),
		edit("size 5", "size +5"), edit("size 5", "size 05"), edit("size 5103402", "size 63"),
		edit("size 5103402", "size 18446744073709551616"), edit("# size 5103402\n", ""),
		edit(index, ""), edit(index, index+index), edit(index, strings.ToUpper(index)),
		edit(index, "# more\n"+index), edit("\n", "\r\n"), edit("  site", " site"),
		edit("  site", " *site"), edit("site.tar.gz", "a/site.tar.gz"), edit("site.tar.gz", "a\\b"),
		edit("site.tar.gz", "a\x00b"), edit("site.tar.gz", ".."), edit("site.tar.gz", ""),
		edit("size 5103402", "size 5103402\n# size 5103402"),
	} {
		if s, err := signature.Parse([]byte(bad)); !errors.Is(err, signature.ErrOtherArchive) ||
			!errors.Is(err, signature.ErrRefused) {
			t.Errorf("%q: %v, %v", bad, s, err)
		}
	}
	if _, err := signature.Parse([]byte(edit("sum 1", "sum 2"))); !errors.Is(err, format.ErrVersion) {
		t.Errorf("version 2: %v", err)
	}
}

// FuzzSum requires that a text is refused, or is the only one of its Sum.
func FuzzSum(f *testing.F) {
	f.Add(oneFile.Append(nil))
	f.Add(twoShards.Append(nil))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := signature.Parse(text)
		if err == nil && string(s.Append(nil)) != string(text) {
			t.Errorf("%q gives %q", text, s.Append(nil))
		}
	})
}
