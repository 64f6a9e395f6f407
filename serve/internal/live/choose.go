package live

import (
	"cmp"
	"math/bits"
	"slices"
	"time"
)

const (
	maxPacked = 64 << 20 // bytes of the largest file that is packed: those over it gain little
	maxFiles  = 4096     // files of a batch
	maxBytes  = 64 << 20 // of their contents, but for the last of them

	// calm is how long nothing must have changed before files are packed. In a storm that does not
	// pause, they are packed after patience.
	calm     = 100 * time.Millisecond
	patience = 3 * time.Second
	// mergeAfter and dropAfter are how long nothing must have changed before layers are merged, and
	// before contents that no file has any more are given up: a new build may write them again.
	mergeAfter = 2 * time.Second
	dropAfter  = time.Minute

	sameClass = 4  // layers of a class that are merged
	maxLayers = 64 // beyond which they are merged whatever changes meanwhile
)

// batch is what is packed at one time.
type batch struct {
	files []content
	// repack means that the files are in layers already, which are to go.
	repack bool
	drop   []*Layer // have no file any more
	wait   bool     // there are further files, which have changed too lately
}

// layerUse is how much of a layer is used.
type layerUse struct {
	used  []content
	total int
}

// choose returns what to pack next. refused are files that can't be packed as they are.
func (d *Dir) choose(now time.Time, refused map[string]content, layers []*Layer) batch {
	quiet := d.quiet(now)
	var b batch
	uses := make(map[*Layer]*layerUse, len(layers))
	for _, l := range layers {
		uses[l] = &layerUse{total: int(l.Archive.Tar().Index().Stats().Files)}
	}
	for _, f := range d.catalog.snapshot() {
		for i := range f.entries {
			e := &f.entries[i]
			c := content{join(f.path, e.name), e.stamp}
			switch {
			case e.kind != Regular:
			case e.layer != nil:
				if u := uses[e.layer]; u != nil {
					u.used = append(u.used, c)
				}
			case e.stamp.Size > maxPacked || refused[c.path] == c:
			case !e.stamp.Settled(now), quiet < calm && !e.stamp.Quiet(now):
				b.wait = true
			default:
				b.files = append(b.files, c)
			}
		}
	}
	b.files = newest(b.files)
	if len(b.files) == 0 && !b.wait {
		chooseLayers(&b, layers, uses, quiet, refused)
	}
	return b
}

// newest returns as many files as a batch has, in the order that they had. While thousands wait,
// one that is saved is packed first, so that searches soon find what is in it.
func newest(files []content) []content {
	order := make([]int, len(files))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := files[i].stamp, files[j].stamp
		return cmp.Or(cmp.Compare(b.Changed, a.Changed), cmp.Compare(b.Modified, a.Modified))
	})
	n, bytes := 0, int64(0)
	for n < min(len(order), maxFiles) && bytes < maxBytes {
		bytes += files[order[n]].stamp.Size
		n++
	}
	order = order[:n]
	slices.Sort(order)
	batch := make([]content, 0, n)
	for _, i := range order {
		batch = append(batch, files[i])
	}
	return batch
}

// chooseLayers chooses layers that are to be packed again, or dropped.
func chooseLayers(b *batch, layers []*Layer, uses map[*Layer]*layerUse, quiet time.Duration,
	refused map[string]content) {
	classes := map[int][]*Layer{}
	var half *Layer
	for _, l := range layers {
		switch n := len(uses[l].used); {
		case n == 0 && quiet >= dropAfter:
			b.drop = append(b.drop, l)
		case n == 0:
		case n < maxFiles/sameClass:
			class := bits.Len(uint(n)) / 2 // each is 4 times as large as the one before
			classes[class] = append(classes[class], l)
		case 2*n < uses[l].total && quiet >= dropAfter:
			half = l
		}
	}
	if quiet < mergeAfter && len(layers) < maxLayers {
		return
	}
	for class := range bits.UintSize {
		if len(classes[class]) >= sameClass {
			b.again(classes[class][:sameClass], uses, refused)
			return
		}
	}
	if half != nil {
		b.again([]*Layer{half}, uses, refused)
	}
}

// again packs the files of layers again, up to the limits of a batch.
func (b *batch) again(
	layers []*Layer, uses map[*Layer]*layerUse, refused map[string]content,
) {
	b.repack = true
	bytes := int64(0)
	for _, l := range layers {
		for _, c := range uses[l].used {
			if refused[c.path] != c && len(b.files) < maxFiles && bytes < maxBytes {
				b.files = append(b.files, c)
				bytes += c.stamp.Size
			}
		}
	}
}
