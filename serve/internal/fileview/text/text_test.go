package text

import (
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve/internal/fileview"
	"github.com/tarpack/tpk/serve/internal/listing"
	"github.com/tarpack/tpk/serve/internal/plan"
)

// TestLong: a text of many lines is not in the page as a whole, however few bytes it has.
func TestLong(t *testing.T) {
	short, long := "=lines-", "=long-"
	for name, x := range map[string]struct {
		text         string
		lines        int
		note, script string
	}{
		"few":  {"a\nb\n", 2, "", short},
		"most": {strings.Repeat("\n", maxLines), maxLines, "", short},
		"too many": {strings.Repeat("\n", maxLines+1), firstLines,
			"The first 2,000 lines of 20 kB.", long},
		"line feeds": {strings.Repeat("\n", 1<<20), firstLines, "The first 2,000 lines of 1.0 MB.", long},
		"a long line, then many": {strings.Repeat("a", firstText) + strings.Repeat("\n", maxLines+1), 1,
			"The first 66 kB of 86 kB.", long},
		"long lines, then many": {strings.Repeat(strings.Repeat("a", 999)+"\n", 100) +
			strings.Repeat("\n", maxLines), 65, "The first 66 kB of 120 kB.", long},
		"large": {strings.Repeat(strings.Repeat("a", 999)+"\n", 2000), 65, "The first 66 kB of 2.0 MB.",
			long},
	} {
		f := &fileview.File{Name: "a.go", Media: "text/plain", Size: int64(len(x.text)),
			Head: []byte(x.text), Encoding: "utf-8", Texts: listing.TextsFor(&plan.Request{})}
		c, err := render(f)
		if err != nil {
			t.Fatal(name, err)
		}
		html := string(c.HTML)
		if n := strings.Count(html, `<div class="line"`); n != x.lines || len(html) > 3<<20 {
			t.Errorf("%s: %d lines of %d bytes, want %d", name, n, len(html), x.lines)
		}
		_, note, _ := strings.Cut(html, `<p class="sum cut">`)
		if note, _, _ = strings.Cut(note, " <a "); note != x.note {
			t.Errorf("%s: %q, want %q", name, note, x.note)
		}
		last := string(c.Scripts[len(c.Scripts)-1])
		if !strings.Contains(last, x.script) {
			t.Errorf("%s: the script is %s", name, last)
		}
	}
}
