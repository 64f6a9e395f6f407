package words

import (
	"strings"
	"testing"
	"unicode"
)

// all returns the words of a text, with "?" for those that are too long.
func all(text string) (out []string) {
	Each(text, func(_, _ int, word []byte) bool {
		if len(word) == 0 {
			word = []byte("?")
		}
		out = append(out, string(word))
		return true
	})
	return out
}

func TestEach(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "",
		"Hello, World!":               "hello world",
		"read_to_end x86-64 3.14":     "read to end x86 64 3 14",
		"Grüße aus Žižkov, naïve ÅÄÖ": "grusse aus zizkov naive aao",
		"don't":                       "don t",
		"ﬁle ＡＢＣ":                     "file abc",
		"e\u0301cole":                 "ecole",
		"\u0301":                      "",
		"日本語abc":                      "日 本 語 abc",
		"abc日本":                       "abc 日 本",
		"Пётр ΑΒΓ":                    "петр αβγ",
		"a\xffb":                      "a b",
		"a–b…c":                       "a b c",
		strings.Repeat("a", MaxLen):   strings.Repeat("a", MaxLen),
		"a " + strings.Repeat("b", MaxLen+1) + " c": "a ? c",
		"a " + strings.Repeat("é", 70) + " c":       "a ? c",
	} {
		if got := strings.Join(all(text), " "); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestEachEnds(t *testing.T) {
	n := 0
	Each("a b c", func(_, _ int, _ []byte) bool { n++; return n < 2 })
	if n != 2 {
		t.Errorf("visited %d words, want 2", n)
	}
}

func TestStem(t *testing.T) {
	for stem, forms := range map[string]string{
		"connect": "connect connects connected connecting connection connections",
		"happi":   "happy happiness", "use": "use uses used using", "i32": "i32", "日": "日", "as": "as",
	} {
		for _, form := range strings.Fields(forms) {
			if got := Stem(form); got != stem {
				t.Errorf("%s: %s, want %s", form, got, stem)
			}
			if !strings.HasPrefix(form, StemPrefix(stem)) {
				t.Errorf("%s does not begin with %s", form, StemPrefix(stem))
			}
		}
	}
}

// FuzzEach checks that words are in order and in the text, in lower case, and that the word of a
// word is itself.
func FuzzEach(f *testing.F) {
	for _, s := range []string{"Hello, World", "Grüße\xff日本 e\u0301", "ﷺ ǅ İ ŉ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		before := 0
		Each(text, func(start, end int, word []byte) bool {
			if start < before || end <= start || end > len(text) || len(word) > MaxLen {
				t.Fatalf("%q: [%d:%d] after %d: %q", text, start, end, before, word)
			}
			before = end
			for _, r := range string(word) {
				if !inWord(r) || unicode.IsUpper(r) && unicode.ToLower(r) != r {
					t.Fatalf("%q: the word %q has %q", text, word, r)
				}
			}
			if again := strings.Join(all(string(word)), ""); again != string(word) {
				t.Fatalf("%q: the word %q is %q", text, word, again)
			}
			Stem(string(word))
			return true
		})
	})
}
