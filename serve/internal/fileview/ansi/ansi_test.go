package ansi

import (
	"reflect"
	"runtime"
	"strings"
	"testing"
)

func TestSpans(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []Span
	}{
		{"plain", "a\nb\n", []Span{{"a\nb\n", ""}}},
		{"colors", "\x1b[31mred\x1b[0m \x1b[1;92;44mx\x1b[m.",
			[]Span{{"red", "fg1"}, {" ", ""}, {"x", "bold fg10 bg4"}, {".", ""}}},
		{"styles end", "\x1b[1;2;3;4ma\x1b[22;23;24mb\x1b[36;46mc\x1b[39;49md",
			[]Span{{"a", "bold faint italic underline"}, {"b", ""}, {"c", "fg6 bg6"}, {"d", ""}}},
		{"palette", "\x1b[38;5;9ma\x1b[38;5;200mb\x1b[48;5;1mc\x1b[38;2;1;2;3;1md",
			[]Span{{"a", "fg9"}, {"b", ""}, {"c", "bg1"}, {"d", "bold bg1"}}},
		{"other sequences", "a\x1b[2Kb\x1b]0;title\ac\x1b]8;;http://x\x1b\\d\x1bMe\x1b",
			[]Span{{"abcde", ""}}},
		{"progress", " 10 %\r 50 %\r100 %\r\nnext\r\n", []Span{{"100 %\nnext\n", ""}}},
		{"same style twice", "\x1b[31ma\x1b[31mb", []Span{{"ab", "fg1"}}},
		{"cut off", "a\x1b[31", []Span{{"a", ""}}},
		{"hostile", "\x1b[<script>m<b>", []Span{{"cript>m<b>", ""}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Spans(c.text); !reflect.DeepEqual(got, c.want) {
				t.Errorf("%q", got)
			}
		})
	}
}

// FuzzSpans: classes are of the known set, and text without escape characters stays as it is.
func FuzzSpans(f *testing.F) {
	f.Add("\x1b[1;31ma\x1b[0m\r\n")
	f.Add("\x1b]0;x\x1b\\\x1b[38;5;")
	f.Fuzz(func(t *testing.T, text string) {
		var b strings.Builder
		for _, s := range Spans(text) {
			b.WriteString(s.Text)
			for _, r := range s.Class {
				if r != ' ' && (r < 'a' || r > 'z') && (r < '0' || r > '9') {
					t.Fatalf("class %q", s.Class)
				}
			}
		}
		if got := b.String(); strings.Contains(got, "\x1b") ||
			!strings.ContainsAny(text, "\x1b\r") && got != text {
			t.Fatalf("%q became %q", text, got)
		}
	})
}

// The memory that many sequences take is a multiple of the text, not its square.
func TestManySequences(t *testing.T) {
	text := strings.Repeat("a\x1b[m", 20_000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := Spans(text)
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; len(got) != 1 || used > uint64(50*len(text)) {
		t.Errorf("%d spans, %d bytes for %d", len(got), used, len(text))
	}
}
