package lookup

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
)

// path returns the path of file i of a tree like generated documentation: 64 bytes on average, 100
// files a directory.
func path(i int) string {
	return fmt.Sprintf("%s/%s.%s-%05x.html", directory(i/100),
		[]string{"fn", "struct", "trait", "enum"}[i%4],
		[]string{"into_iter", "Decoder", "AsRef", "ordering_of_entries"}[i/4%4], uint32(i)*2654435761>>12)
}

// directory returns the name of directory d.
func directory(d int) string {
	return fmt.Sprintf("share/doc/html/crate-%05d/module-%02d", d/20, d%20)
}

// sorted returns the paths of n files in byte order.
func sorted(n int) iter.Seq[string] {
	return func(yield func(string) bool) {
		names := make([]string, 0, 100)
		for from := 0; from < n; from += 100 {
			names = names[:0]
			for i := from; i < min(n, from+100); i++ {
				names = append(names, path(i))
			}
			slices.Sort(names)
			for _, name := range names {
				if !yield(name) {
					return
				}
			}
		}
	}
}

// queries is the number of lookups. What they touch exceeds the caches of a processor.
const queries = 1 << 18

// batches yields paths to look up, always the same ones, in random order. They are adjacent in
// memory and were just written, so the processor has them in its caches, like a request that a
// server has just received. The index is not in the caches.
func batches(n, count int, suffix string) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		const batch = 4096 // about 280 KB of paths
		r := rand.New(rand.NewPCG(1, 2))
		var arena []byte
		paths, ends := make([]string, batch), make([]int, batch)
		for done := 0; done < count; done += batch { // at least one whole batch
			arena = arena[:0]
			for i := range ends {
				arena = append(append(arena, path(r.IntN(n))...), suffix...)
				ends[i] = len(arena)
			}
			text, begin := string(arena), 0
			for i, end := range ends {
				paths[i] = text[begin:end]
				begin = end
			}
			if !yield(paths) {
				return
			}
		}
	}
}
