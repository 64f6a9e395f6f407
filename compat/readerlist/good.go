package readerlist

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/tarpack/tpk/compat/forge"
	"github.com/tarpack/tpk/compat/trees"
)

// goldens are the good archives of testdata/golden/v1.
var goldens = []struct{ name, file, note string }{
	{"empty", "empty.tar.gz", "no entries"},
	{"kinds", "kinds.tar.gz", "all kinds of entries that tpk pack makes, times before 1970 and after 2242"},
	{"names", "names.tar.gz", "spaces, line ends, UTF-8, bytes that are not UTF-8, long names and links"},
	{"codings", "codings.tar.gz", "deflate, stored blocks, segments with and without padding"},
	{"grown", "grown.tar.gz", "an archive that has grown"},
	{"sums", "sums.tar.gz", "an index with SHA-256 sums"},
	{"embedded", "embedded.tar.gz", "an index in the archive, after it has grown"},
	{"embedded-sums", "embedded-sums.tar.gz", "an index with SHA-256 sums in the archive"},
	{"set", "set/s-of-00003.tar.gz.tps", "a set of three shards, one of them empty"},
	{"shard", "set/s-00002-of-00003.tar.gz", "a shard that is opened alone"},
	{"signed", "signed/x.tar.gz", "a signed archive, read without the key"},
}

func file(path, content string) forge.Item {
	return forge.Item{Path: path, Type: forge.File, Mode: 0o644, Time: 1e9, Content: []byte(content)}
}

func dir(path string) forge.Item {
	return forge.Item{Path: path, Type: forge.Dir, Mode: 0o755, Time: 1e9}
}

func symlink(path, target string) forge.Item {
	return forge.Item{Path: path, Type: forge.Symlink, Mode: 0o777, Time: 1e9, Link: target}
}

func hardlink(path, target string) forge.Item {
	return forge.Item{Path: path, Type: forge.Hardlink, Mode: 0o644, Time: 1e9, Link: target}
}

// segmented returns a file of n bytes, mostly zeros, in segments of 1 MiB.
func segmented(path string, n int) forge.Item {
	it := file(path, "")
	it.Content, it.Shift = make([]byte, n), 20
	for at := 0; at < n; at += 300_000 {
		copy(it.Content[at:], fmt.Sprintf("%s at %d\n", path, at))
	}
	return it
}

// everything is an archive with all that FORMAT.md allows, in an order that tpk pack doesn't choose.
func everything() []forge.Item {
	long := strings.Repeat("l", 120)
	deep := strings.Repeat("component/", 40)
	stored := file("dir/stored", string(trees.NoiseBytes("s", 70_000)))
	stored.Stored = true
	duplicate := hardlink("dir/copy", "z")
	duplicate.Duplicate = true
	items := []forge.Item{
		file("z", "z comes first\n"), {Member: forge.Member(nil, nil)}, dir("dir"), stored,
		segmented("dir/segmented", 3<<20+1), segmented("dir/two", 2<<20),
		{Member: forge.Member(nil, []byte("X"))}, hardlink("dir/hard", "dir/stored"), duplicate,
		symlink("a", "dir"), symlink("b", long), symlink("up", "../outside"), symlink("abs", "/etc/passwd"),
		symlink("loop", "loop"), symlink("dir/to-z", "../z"),
		{Path: "empty", Type: forge.File, Mode: 0o4755, Time: -7}, dir("dir/sub"),
		file("dir/sub/"+long, "long"), file("Grüße", "wide"), file(strings.Repeat("\xe4", 130), "raw"),
		file("100%", "percent"), file("a?b#c", "question"), file("a b", "space"), file("a.b", "dot"),
		file("dir.txt", "a dot sorts behind the slash"), file("dir-x", "so does a hyphen"),
		{Path: "fifo", Type: forge.FIFO, Mode: 0o644},
		{Path: "null", Type: forge.Char, Mode: 0o666, Major: 1, Minor: 3},
		{Path: "disk", Type: forge.Block, Mode: 0o660, Major: 8, Minor: 1},
	}
	for i := range strings.Count(deep, "/") {
		items = append(items, dir(deep[:10*i+9]))
	}
	return items
}

// many is an archive with so many entries that buckets of its table overflow, and that its index is
// in several members.
func many() []forge.Item {
	var items []forge.Item
	for d := range 30 {
		items = append(items, dir(fmt.Sprintf("%03d", d)))
	}
	for i := range 1200 {
		p := fmt.Sprintf("%03d/%05d.txt", i%30, i*7919%10_007)
		if i%40 == 0 {
			items = append(items, file(p, fmt.Sprintf("entry %d\n", i)))
		} else {
			items = append(items, symlink(p, fmt.Sprint(i)))
		}
	}
	return items
}

// goodFiles returns the good archives that are made here, by file name.
func goodFiles() (files map[string][]byte, list []Good) {
	files = map[string][]byte{}
	add := func(name, note string, archive, sidecar []byte) {
		files[name+".tar.gz"] = archive
		if sidecar != nil {
			files[name+".tar.gz.tpi"] = sidecar
		}
		list = append(list, Good{Name: name, Note: note, Archive: "good/" + name + ".tar.gz"})
	}
	a, s := forge.Build(everything()...)
	add("everything", "all that the format allows, also members that mean nothing", a, s)
	a, s = forge.Build(many()...)
	a, _ = forge.Embed(a, s)
	add("many", "an index of several members in the archive, buckets that overflow", a, nil)

	a, s = forge.Build(base()...)
	grown := append(bytes.Clone(a), forge.Member([]byte("not yet committed"), nil)...)
	add("growing", "an archive that is growing: its index puts the end before the end of the file", grown, s)
	torn := bytes.Clone(grown)
	copy(torn[len(a)-18:], "\x00\x00\x00\xff\xff\x01\x00")
	add("torn", "the same, when the write that commits was torn", torn, s)

	a, s = forge.Build(base()...)
	forge.SetFeatures(s, 1, 1<<9)
	add("optional", "an optional feature that is not known", retrail(a, s), s)
	a, s = forge.Build(base()...)
	with, _ := forge.Embed(a, s)
	add("stale", "an index in the archive, and beside it one of another archive", with, s)

	shards, sides, set := forge.BuildSet([]forge.Item{dir("d"), file("d/a", "a in 0")}, nil,
		[]forge.Item{dir("d"), file("d/b", "b in 2"), hardlink("d/c", "d/b"), symlink("e", "d/a")})
	for i, shard := range shards {
		name := fmt.Sprintf("moved-%05d-of-00003.tar.gz", i)
		if i == 2 {
			name = ".moved-00002-of-set.tar.gz.tpk-tmp"
			files[".moved-00002-of-set.tar.gz.tpi.tpk-tmp"] = sides[i]
		} else {
			files[name+".tpi"] = sides[i]
		}
		files[name] = shard
	}
	files["moved-of-00003.tar.gz.tps"] = forge.List(shards, set)
	files["moved-of-00003.tar.gz.tps.tpi"] = set
	list = append(list, Good{Name: "moved", Archive: "good/moved-of-00003.tar.gz.tps",
		Note: "a set in which one shard still has its temporary name"})
	return files, list
}

// retrail returns the archive with a T that fits its changed sidecar.
func retrail(archive, sidecar []byte) []byte {
	end := len(archive) - trailerSize
	return append(bytes.Clone(archive[:end]), forge.TrailerOf(le.Uint16(sidecar[12:]),
		le.Uint16(sidecar[14:]), forge.Entries(sidecar), uint64(end), forge.Digest(sidecar))...)
}
