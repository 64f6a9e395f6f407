package textdiff

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// apply returns the new lines, from the old ones and the edits, and checks the edits.
func apply(t *testing.T, old, new []string, edits []Edit) (made []string) {
	t.Helper()
	at, to := 0, 0
	for k, e := range edits {
		if e.Old < at || e.OldEnd < e.Old || e.NewEnd < e.New || e.OldEnd > len(old) ||
			e.NewEnd > len(new) || k > 0 && e.Old == at || e.Old-at != e.New-to {
			t.Fatalf("edit %d of %v", k, edits)
		}
		made = append(append(made, old[at:e.Old]...), new[e.New:e.NewEnd]...)
		at, to = e.OldEnd, e.NewEnd
	}
	return append(made, old[at:]...)
}

func TestLines(t *testing.T) {
	for _, c := range []struct {
		old, new string
		want     []Edit
	}{
		{"", "", nil},
		{"a\n", "a", nil},
		{"a\r\nb\r\n", "a\nb\n", nil},
		{"", "a\nb\n", []Edit{{0, 0, 0, 2}}},
		{"a\nb\n", "", []Edit{{0, 2, 0, 0}}},
		{"a\nb\nc\n", "a\nB\nc\n", []Edit{{1, 2, 1, 2}}},
		{"x\nx\nx\nx\n", "x\nx\ny\nx\nx\n", []Edit{{2, 2, 2, 3}}},
		{"f {\n}\ng {\n}\n", "f {\n}\nh {\n}\ng {\n}\n", []Edit{{2, 2, 2, 4}}},
		{"- a\n+ b\n@@ -1,2 +1,2 @@\n", "- a\n+ c\n@@ -1,2 +1,2 @@\n", []Edit{{1, 2, 1, 2}}},
		{"\n\n\n", "\n", []Edit{{1, 3, 1, 1}}},
	} {
		old, new := Split(c.old), Split(c.new)
		got, err := Lines(t.Context(), old, new)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q, %q: %v", c.old, c.new, got)
		}
		if made := apply(t, old, new, got); !slices.Equal(made, new) {
			t.Errorf("%q, %q: %q", c.old, c.new, made)
		}
	}
}

func FuzzLines(f *testing.F) {
	f.Add("a\nb\n", "b\na\n")
	f.Add("--- a\n+++ b\n", "\\ No newline at end of file")
	f.Fuzz(func(t *testing.T, a, b string) {
		old, new := Split(a), Split(b)
		edits, err := Lines(t.Context(), old, new)
		if err != nil {
			t.Fatal(err)
		}
		if made := apply(t, old, new, edits); !slices.Equal(made, new) {
			t.Fatalf("%q", made)
		}
		for _, all := range []bool{false, true} {
			checkRows(t, Rows(edits, len(old), len(new), all), old, new)
		}
		x, y := Marks(a, b)
		if len(a) < maxAside && len(b) < maxAside && (text(x) != a || text(y) != b) {
			t.Fatalf("%+v %+v", x, y)
		}
	})
}

func text(parts []Part) (s string) {
	for _, p := range parts {
		s += p.Text
	}
	return s
}

// checkRows checks that rows have all lines in order, but for folds.
func checkRows(t *testing.T, rows []Row, old, new []string) {
	t.Helper()
	at, to := 0, 0
	for _, r := range rows {
		if r.Fold > 0 {
			if !slices.Equal(old[at:at+r.Fold], new[to:to+r.Fold]) {
				t.Fatal("what is folded differs")
			}
			at, to = at+r.Fold, to+r.Fold
			continue
		}
		if r.Old > 0 {
			if at++; r.Old != at {
				t.Fatalf("%+v in %+v", r, rows)
			}
		}
		if r.New > 0 {
			if to++; r.New != to {
				t.Fatalf("%+v in %+v", r, rows)
			}
		}
		if r.Same && old[at-1] != new[to-1] {
			t.Fatalf("%+v: not the same", r)
		}
	}
	if at != len(old) || to != len(new) {
		t.Fatalf("%d of %d, %d of %d lines", at, len(old), to, len(new))
	}
}

func TestRows(t *testing.T) {
	var old []string
	for i := range 30 {
		old = append(old, fmt.Sprint(i))
	}
	new := slices.Clone(old)
	new[10] = "ten"
	edits, err := Lines(t.Context(), old, new)
	if err != nil {
		t.Fatal(err)
	}
	rows := Rows(edits, 30, 30, false)
	checkRows(t, rows, old, new)
	if len(rows) != 9 || rows[0].Fold != 7 || rows[4] != (Row{Old: 11, New: 11}) ||
		rows[8].Fold != 16 {
		t.Errorf("%+v", rows)
	}
	if rows := Rows(edits, 30, 30, true); len(rows) != 30 {
		t.Errorf("all: %+v", rows)
	}
	if rows := Rows(nil, 30, 30, false); len(rows) != 1 || rows[0].Fold != 30 {
		t.Errorf("the same: %+v", rows)
	}
}

func TestMarks(t *testing.T) {
	show := func(parts []Part) (s string) {
		for _, p := range parts {
			if p.Mark {
				s += "[" + p.Text + "]"
			} else {
				s += p.Text
			}
			if p.Cut > 0 {
				s += fmt.Sprintf("<%d>", p.Cut)
			}
		}
		return s
	}
	long := strings.Repeat("word ", 1000)
	for _, c := range []struct{ old, new, x, y string }{
		{"", "", "", ""},
		{"size := 10", "size := 12", "size := [10]", "size := [12]"},
		{"func f(a int)", "func f(a, b int)", "func f(a int)", "func f(a[, b] int)"},
		{"grüße an alle", "Grüße an alle", "[grüße] an alle", "[Grüße] an alle"},
		{"nothing in common", "whatever else", "nothing in common", "whatever else"},
		{long + "a", long + "b", "<4600>" + long[len(long)-400:] + "[a]",
			"<4600>" + long[len(long)-400:] + "[b]"},
		{long, long[:2500], "", ""},
	} {
		x, y := Marks(c.old, c.new)
		if c.old == long { // of a long line only a part is shown
			if len(text(x))+len(text(y)) > 6000 {
				t.Errorf("%d and %d bytes", len(text(x)), len(text(y)))
			}
			continue
		}
		if show(x) != c.x || show(y) != c.y {
			t.Errorf("%q\n%q", show(x), show(y))
		}
	}
}

// hostile are pairs of texts of 1 MiB that are hard for other algorithms.
func hostile() map[string][2]string {
	const size = 1 << 20
	r := rand.New(rand.NewPCG(1, 2))
	random := func(letters int) string {
		b := make([]byte, size)
		for i := range b {
			if b[i] = '\n'; i%2 == 0 {
				b[i] = 'a' + byte(r.IntN(letters))
			}
		}
		return string(b)
	}
	var up, down strings.Builder
	for i := range 130_000 {
		fmt.Fprintln(&up, i)
		fmt.Fprintln(&down, 130_000-i)
	}
	return map[string][2]string{
		"empty lines":   {strings.Repeat("\n", size), strings.Repeat("x\n", size/2)},
		"few kinds":     {random(2), random(2)},
		"many kinds":    {random(20), random(20)},
		"backwards":     {up.String(), down.String()},
		"one line":      {strings.Repeat("ab ", size/3), strings.Repeat("ba ", size/3)},
		"no words":      {strings.Repeat("(", size), strings.Repeat(")(", size/2)},
		"not in common": {strings.Repeat("a\n", size/2), strings.Repeat("b\n", size/2)},
	}
}

func TestHostile(t *testing.T) {
	for name, c := range hostile() {
		old, new := Split(c[0]), Split(c[1])
		edits, err := Lines(t.Context(), old, new)
		if err != nil {
			t.Fatal(err)
		}
		if made := apply(t, old, new, edits); !slices.Equal(made, new) {
			t.Errorf("%s: wrong", name)
		}
		if x, y := Marks(old[0], new[0]); len(text(x))+len(text(y)) > 4*maxPart {
			t.Errorf("%s: %d and %d bytes of a line", name, len(text(x)), len(text(y)))
		}
	}
}

func BenchmarkHostile(b *testing.B) {
	for name, c := range hostile() {
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			for b.Loop() {
				old, new := Split(c[0]), Split(c[1])
				edits, err := Lines(b.Context(), old, new)
				if err != nil {
					b.Fatal(err)
				}
				rows := Rows(edits, len(old), len(new), false)
				for _, r := range rows[:min(len(rows), 2000)] {
					if r.Old > 0 && r.New > 0 && !r.Same {
						Marks(old[r.Old-1], new[r.New-1])
					}
				}
			}
		})
	}
}

// TestLinesEnd: a comparison ends with its context.
func TestLinesEnd(t *testing.T) {
	late := errors.New("late")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(late)
	if edits, err := Lines(ctx, []string{"a"}, []string{"b"}); !errors.Is(err, late) {
		t.Error(edits, err)
	}
}
