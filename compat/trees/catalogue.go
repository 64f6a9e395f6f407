package trees

import (
	"fmt"
	"strings"
)

// Named is a tree of the catalogue.
type Named struct {
	Name string
	Tree Tree
}

// Catalogue returns the trees that every reader of archives is tested with, together about 40 MB.
func Catalogue() []Named {
	return []Named{
		{"empty", Tree{}},
		{"one-directory", Tree{Dir("only")}},
		{"one-file", Tree{File("only", "x")}},
		{"names", Names()},
		{"raw-names", RawNames()},
		{"long-names", LongNames()},
		{"long-raw-names", LongRawNames()},
		{"deep", Deep(3900)},
		{"sizes", Sizes()},
		{"big", Big()},
		{"modes", Modes()},
		{"times", Times()},
		{"old-times", OldTimes()},
		{"links", Links()},
		{"read-only", ReadOnly()},
		{"closed", Closed()},
		{"duplicates", Duplicates()},
		{"many-links", ManyLinks(1500)},
		{"copies", Copies(3000)},
		{"crowd", Crowd(10_000)},
	}
}

// Names returns short UTF-8 names that programs handle badly.
func Names() Tree {
	names := []string{
		" ", " leading", "trailing ", "two  spaces", "-rf", "--help", "-", "~", "~root", "#x", "*", "?",
		"[a-z]", "{a,b}",
		"'", "\"", "`id`", "$HOME", "$(id)", "a\\b", "\\", "\\n", "a;b", "a|b", "a&b", "<a>", "a:b", "C:",
		"con", "nul.txt", "a=b", "%41", "%2e%2e",
		"new\nline", "\n", "tab\tstop", "cr\rlf\r\n", "bell\a", "esc\x1b[31m", "del\x7f",
		"...", "..a", "a..", ".hidden", ".tar.gz", "a.gz", "Case", "case", "CASE",
		"Grüße", "Gru\u0308ße", "日本語", "😀", "\u202etxt.exe", "\ufeffbom", "a\u00a0b", "\u2028",
	}
	t := Tree{}
	for i, name := range names {
		t = append(t, File(name, fmt.Sprintf("file %d\n", i)))
		t = append(t, File("in/"+name+"/"+name, fmt.Sprintf("deeper %d\n", i)))
		t = append(t, Symlink("links/"+name, "../in/"+name))
		t = append(t, Hardlink("hard/"+name, name))
	}
	return t
}

// RawNames returns names that are not UTF-8 and fit the fields of a ustar header.
func RawNames() Tree {
	names := []string{"\xff", "\xff\xfe", "caf\xe9", "\xc3", "\xc3(", "a\xed\xa0\x80b",
		"\xf8\x88\x80\x80\x80", "\x80/\x81/\xc0\xaf"}
	t := Tree{}
	for i, name := range names {
		t = append(t, File(name, fmt.Sprintf("raw %d\n", i)))
		t = append(t, Symlink("l"+name, name))
		t = append(t, Hardlink("h"+name, name))
	}
	half := strings.Repeat("\xe4", 90)
	return append(t, Text(half+"/"+half, 700), Dir(half+"x"))
}

// LongNames returns UTF-8 names at and over the limits of the ustar fields: 100 bytes, 155 + 100,
// and 255 for a component.
func LongNames() Tree {
	t := Tree{}
	// The final slash of a directory counts, and a file has none.
	for _, n := range []int{98, 99, 100, 101, 102, 150, 154, 155, 156, 157, 200, 253, 254, 255} {
		t = append(t, File(fill(n, "f"), fmt.Sprint("file ", n)))
		t = append(t, Dir(fill(n, "d")))
		t = append(t, File(fill(n, "e")+"/x", fmt.Sprint("below ", n)))
		t = append(t, Symlink(fill(n, "l"), fill(n, "target")))
		t = append(t, Hardlink(fill(n, "h"), fill(n, "f")))
	}
	// Two components around the place where prefix and name are divided.
	for _, first := range []int{1, 99, 100, 154, 155, 156, 157} {
		for _, second := range []int{1, 98, 99, 100, 101, 102} {
			p := fill(first, "p") + "/" + fill(second, "q")
			t = append(t, File(p, p))
			t = append(t, Dir(p+"d"))
		}
	}
	for _, total := range []int{255, 256, 257, 258, 300, 1000} {
		p := longPath(total, "long")
		t = append(t, Text(p, total))
		t = append(t, Symlink(longPath(total, "sym"), p))
		t = append(t, Hardlink(longPath(total, "hard"), p))
		t = append(t, Dir(longPath(total, "dir")))
	}
	// Not ASCII: up to 100 bytes, more, more than 255 bytes, and a component of 255 bytes.
	for _, n := range []int{30, 33, 34, 50, 85} {
		p := strings.Repeat("語", n)
		t = append(t, File("wide/"+p, p), Symlink("wide/l"+fmt.Sprint(n), p),
			Dir("wide/d"+strings.Repeat("é", n)))
	}
	p := strings.Repeat(strings.Repeat("ü", 60)+"/", 5)
	return append(t, Text(p+"end", 1234), Symlink("wide/far", "../"+p+"end"),
		Hardlink(p+"hard", p+"end"))
}

// LongRawNames returns names that are not UTF-8 and fit no ustar field. They need GNU long names.
func LongRawNames() Tree {
	comp := strings.Repeat("\xe9", 255)
	p := strings.Repeat(strings.Repeat("\xfc", 120)+"/", 3) + "end"
	return Tree{
		File(comp, "component"),
		Text(p, 3000),
		Dir(strings.Repeat("\xf6", 101)),
		Symlink("sym", p),
		Symlink(strings.Repeat("\xe0", 110), p),
		Hardlink("hard", p),
		Hardlink(p+"-hard", p),
		Symlink("short-to-raw", "\xff"),
		Symlink(strings.Repeat("a", 200), strings.Repeat("\xff", 150)),
	}
}

// Deep returns a chain of directories with a file at the end, whose path has total bytes.
func Deep(total int) Tree {
	p := longPath(total, "d")
	return Tree{File(p, "at the bottom\n"), Symlink("to", p)}
}

// Sizes returns files of every size at which blocks, stored blocks or segments begin or end.
func Sizes() Tree {
	t := Tree{}
	for _, n := range []int{0, 1, 2, 254, 257, 258, 259, 510, 511, 512, 513, 1023, 1024, 1025, 4096,
		65534, 65535, 65536,
		131069, 131070, 131071, 1<<20 - 1, 1 << 20, 1<<20 + 1} {
		t = append(t, Text(fmt.Sprintf("text/%07d", n), n))
		t = append(t, Noise(fmt.Sprintf("noise/%07d", n), n))
	}
	return t
}

// Big returns files of several segments that compress, do not compress, or compress in part.
func Big() Tree {
	half := append(TextBytes("half", 1<<20+7), NoiseBytes("half", 1<<20)...)
	return Tree{
		Text("text-3MiB", 3<<20),
		Text("text-5MiB+1", 5<<20+1),
		Text("text-2MiB-1", 2<<20-1),
		Noise("noise-3MiB+5", 3<<20+5),
		Bytes("half", half),
		Bytes("other-half", append(NoiseBytes("o", 1<<20), TextBytes("o", 2<<20)...)),
		Sparse("zeros-4MiB", 4<<20, ""),
		Sparse("hole-6MiB", 6<<20, "the end"),
	}
}
