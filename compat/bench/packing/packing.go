// Package packing measures making an archive of a tree, with tpk and with other archivers.
package packing

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/tarpack/tpk/compat/bench/measure"
	"github.com/tarpack/tpk/compat/bench/trees"
	"github.com/tarpack/tpk/tarpack"
)

// Run measures all trees.
func Run(b *measure.Bench) error {
	for i, t := range trees.Real(b) {
		rounds := 1
		if i == 0 {
			rounds = b.Rounds
		}
		if err := pack(b, t, rounds, everybody); err != nil {
			return err
		}
		if i == 0 && b.Wanted("PackSize/tree="+t.Name) {
			if err := sizes(b, t); err != nil {
				return err
			}
		}
	}
	photos, err := trees.Photos(b)
	if err != nil {
		return err
	}
	if err := pack(b, photos, 1, everybody); err != nil {
		return err
	}
	if err := many(b); err != nil {
		return err
	}
	return large(b)
}

// many packs the tree of small files, and its first 30,000: the cost of a file must not grow with
// their number.
func many(b *measure.Bench) error {
	few, err := trees.Files(b, min(b.Files, 30_000))
	if err != nil {
		return err
	}
	if err := pack(b, few, b.Rounds, fast); err != nil ||
		few.Name == fmt.Sprintf("files-%d", b.Files) {
		return err
	}
	if !b.Room(int64(b.Files)*12<<10, "the tree of small files") {
		return nil
	}
	files, err := trees.Files(b, b.Files)
	if err != nil {
		return err
	}
	return pack(b, files, 1, fast)
}

// large packs one large file, if the disk has space for it and two archives.
func large(b *measure.Bench) error {
	if !b.Wanted("Pack/tree=" + trees.LargeName(b.LargeBytes)) {
		return nil
	}
	if !b.Room(3*b.LargeBytes, "the large file") {
		return nil
	}
	t, err := trees.Large(b, b.LargeBytes)
	if err != nil {
		return err
	}
	defer os.RemoveAll(t.Dir) // too large to keep
	defer os.Remove(t.ArchiveName(b))
	return pack(b, t, 1, pigz)
}

// The groups of tools that a tree is packed with: the larger the tree, the fewer.
const (
	everybody = iota
	fast      // those that use all cores
	pigz      // tpk and tar | pigz alone
)

// pack measures how a group of tools packs a tree.
func pack(b *measure.Bench, t trees.Tree, rounds, who int) error {
	if !b.Wanted("Pack/tree=" + t.Name) {
		return nil
	}
	dir, err := b.Dir("pack")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) // a few large files, quickly removed
	if err := measure.Warm(t.Dir); err != nil {
		return err
	}
	out := func(name string) string { return filepath.Join(dir, name) }
	shell := func(script, name string) []string {
		return []string{"sh", "-c", script, "sh", t.Dir,
			out(name)}
	}
	cores := fmt.Sprint(runtime.NumCPU())
	list := []struct {
		tool, needs string
		who         int
		out         string
		command     []string
	}{
		{"tpk", "", pigz, t.ArchiveName(b), []string{b.Tpk, "pack", "--level", "6", t.Dir,
			t.ArchiveName(b)}},
		{"tar-pigz", "pigz", pigz, out("pigz.tar.gz"),
			shell(`tar -C "$1" -cf - . | pigz -6 -p `+cores+` > "$2"`, "pigz.tar.gz")},
		{"tar-gzip", "gzip", everybody, out("gzip.tar.gz"), shell(`tar -C "$1" -cf - . | gzip -6 > "$2"`,
			"gzip.tar.gz")},
		{"zip", "zip", everybody, out("a.zip"), shell(`cd "$1" && zip -6 -q -r -y "$2" .`, "a.zip")},
		{"7z", "7z", everybody, out("7z.zip"),
			shell(`cd "$1" && 7z a -tzip -mmt=`+cores+` -bd -bso0 "$2" .`, "7z.zip")},
		{"estargz", "tar", everybody, out("estargz.tar.gz"),
			shell(`tar -C "$1" -cf "$2.tar" . && "`+b.Self+`" helper estargz 6 "$2.tar" "$2" && rm "$2.tar"`,
				"estargz.tar.gz")},
		{"mksquashfs", "mksquashfs", fast, out("squashfs"), []string{"mksquashfs", t.Dir, out("squashfs"),
			"-comp", "gzip", "-noappend", "-quiet", "-no-progress", "-processors", cores}},
	}
	var contestants []measure.Contestant
	for _, l := range list {
		if l.who < who || l.needs != "" && !b.Have(l.needs) {
			continue
		}
		contestants = append(contestants, measure.Contestant{
			Tool:    l.tool,
			Command: l.command,
			Once:    l.tool == "7z" || l.tool == "estargz", // they are by far the slowest
			Prepare: func() error { return b.Aside(l.out) },
			Add: func() ([]measure.Value, error) {
				size, err := measure.Size(l.out)
				if err != nil || l.tool != "tpk" {
					return []measure.Value{size}, err
				}
				index, err := index(l.out)
				return append([]measure.Value{size}, index...), err
			},
		})
	}
	return b.Contest("Pack/tree="+t.Name, rounds, contestants)
}

// index returns the size of an archive's index, and the number of entries.
func index(archive string) ([]measure.Value, error) {
	a, err := tarpack.Open(context.Background(), archive, &tarpack.OpenOptions{RequireSidecar: true})
	if err != nil {
		return nil, err
	}
	defer a.Close()
	return []measure.Value{
		{Of: float64(a.Index().Size()), Unit: "index-B"},
		{Of: float64(a.Index().Len()), Unit: "entries"},
	}, nil
}
