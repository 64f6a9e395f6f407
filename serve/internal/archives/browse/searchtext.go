package browse

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/tarpack/tpk/serve/internal/archives"

	"github.com/tarpack/tpk/internal/order"
	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/turns"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/text"
	"github.com/tarpack/tpk/tarpack/text/prose"
)

// textSearches limits how many searches in text indexes run at the same time, in all archives. Each
// keeps a processor busy.
var textSearches = turns.All()

// textTime is how long a search in text indexes may take, and how long it may wait for others
// before that.
const textTime = 2 * time.Second

// MaxTextHits is how many hits of a search in text can be listed, in all parts of the list.
const MaxTextHits = 1000

// TextHit is a document whose text matches a search.
type TextHit struct {
	Item
	Title   string
	Snippet []text.Part
	Others  []string // paths of further documents with this title that match
	score   float64
	source  int
	ordinal int
	live    *archives.LiveDir // whose layer the source is, or nil
}

// TextList is what a search in text has found, or a part of it.
type TextList struct {
	Hits    []TextHit
	More    bool
	Indexed int  // archives that have a text index
	Costly  bool // the search was for too much, and has found nothing
}

// SearchText looks for words in the text indexes of all archives, for documents below a folder. See
// text.Parse for the query. The best hits come first. Offset counts hits; Order does not matter.
func (v *View) SearchText(dir, query string, o ListOptions) (*TextList, error) {
	if !text.Supported {
		return &TextList{}, nil
	}
	q, l := text.Parse(query), &TextList{}
	o.Hidden = v.Hiding(o.Hidden)
	done, err := textSearches.TakeWithin(v.Context(), textTime, text.ErrCostly)
	if errors.Is(err, text.ErrCostly) {
		return &TextList{Costly: true}, nil
	}
	if err != nil {
		return nil, err
	}
	defer done()
	ctx, cancel := context.WithTimeout(v.Context(), textTime)
	defer cancel()
	end := int(min(o.Offset, MaxTextHits)) + o.Limit
	l.More = end < MaxTextHits
	end = min(end, MaxTextHits)
	more := false
	for m, mt := range v.Mounted() {
		rest, inside := paths.Below(mt.Path, dir)
		if _, around := paths.Below(dir, mt.Path); !inside && !around {
			continue
		}
		for _, p := range v.textParts(m) {
			if inside {
				p.dir = rest
			}
			further, err := v.searchTextOf(ctx, p, q, end, &o, l)
			if errors.Is(err, text.ErrCostly) || errors.Is(err, context.DeadlineExceeded) {
				return &TextList{Indexed: l.Indexed, Costly: true}, nil
			}
			if err != nil {
				return nil, err
			}
			more = more || further
		}
	}
	order.SortStable(l.Hits, func(a, b TextHit) int { return cmp.Compare(b.score, a.score) })
	l.More = l.More && (more || len(l.Hits) > end)
	l.Hits = l.Hits[min(int(min(o.Offset, MaxTextHits)), len(l.Hits)):min(end, len(l.Hits))]
	further := int64(maxFurther)
	for i := range l.Hits {
		o.addMedia(&l.Hits[i].Item)
		l.Hits[i].Snippet = v.snippet(&l.Hits[i], q, &further)
	}
	return l, nil
}

// textPart is a folder of an archive, in which text is searched.
type textPart struct {
	mount, source int
	dir           string // a path in the archive

	live *archives.LiveDir // whose layer the archive is, or nil
	at   int               // its number among the directories of the mount
}

// textParts returns the archives of a mount, and the layers of its directories.
func (v *View) textParts(m int) (parts []textPart) {
	for _, source := range v.Mounted()[m].Sources {
		parts = append(parts, textPart{mount: m, source: source})
	}
	for at, d := range v.Mounted()[m].Dirs {
		if l := v.Live(d); l != nil {
			for _, source := range l.Order {
				parts = append(parts, textPart{mount: m, source: source, live: l, at: at})
			}
		}
	}
	return parts
}

// searchTextOf adds the hits of one archive.
func (v *View) searchTextOf(ctx context.Context, p textPart, q *text.Query, limit int,
	o *ListOptions, l *TextList) (more bool, err error) {
	a, err := v.Touch(p.source)
	if err != nil {
		return false, err
	}
	mount := v.Mounted()[p.mount].Path
	if !a.HasText() {
		return false, nil
	}
	hits, more, found, err := a.Text().Search(ctx, q, text.SearchOptions{Limit: limit,
		Accept: func(i int) (bool, error) { return v.showsText(a, p, i, o.Hidden) }})
	if !found || err != nil {
		return false, err
	}
	l.Indexed++
	for _, h := range hits {
		it, err := rowOf(a, h.Ordinal)
		if err != nil {
			return false, err
		}
		it.Path = paths.Join(mount, it.Path)
		hit := TextHit{Item: it, Title: h.Title, score: h.Score, source: p.source,
			ordinal: h.Ordinal, live: p.live}
		for _, i := range h.Others {
			path, err := a.Index.Path(i)
			if err != nil {
				return false, a.Wrap(err)
			}
			hit.Others = append(hit.Others, paths.Join(mount, path))
		}
		l.Hits = append(l.Hits, hit)
	}
	return more, nil
}

// showsText reports whether entry i of an archive is a file below the folder, and the server shows
// it and answers it from this archive. The number comes from a text index, which is not trusted.
func (v *View) showsText(
	a *archives.Archive, p textPart, i int, hidden func(string) bool,
) (bool, error) {
	if i < 0 || i >= a.Index.Len() {
		return false, nil
	}
	e, err := a.Index.Entry(i)
	if err != nil || e.Type != sidecar.TypeFile {
		return false, a.Wrap(err)
	}
	path, err := a.Index.Path(i)
	if err != nil {
		return false, a.Wrap(err)
	}
	mt := v.Mounted()[p.mount]
	_, inside := paths.Below(p.dir, path)
	if !inside || hidden != nil && a.Hides(hidden, mt.Path, path) {
		return false, nil
	}
	if p.live != nil {
		return p.live.Holds(path, p.source) &&
			v.answersPlain(paths.Join(mt.Path, path), p.mount, p.at, sidecar.TypeFile), nil
	}
	return len(mt.Sources) == 1 && !v.contested() ||
		v.answers(paths.Join(mt.Path, path), p.mount, p.source, sidecar.TypeFile), nil
}

// snippetReads are how many bytes of a file a snippet is looked for in, one after the other. Most
// files have it in their beginning, and to find the text of a page takes longer than the search.
var snippetReads = []int64{16 << 10, 64 << 10, 512 << 10}

// maxFurther is how many bytes of all files of a list are read if their beginnings don't have what
// was searched for. It takes 10 ms to find the text in so much HTML.
const maxFurther = 768 << 10

// snippet returns the part of a file that shows why it was found; nil if the file can't be read.
// further is what may be read besides the beginning.
func (v *View) snippet(h *TextHit, q *text.Query, further *int64) []text.Part {
	a := v.Archive(h.source)
	n, err := v.hitNode(h)
	if err != nil || n.Source != h.source || n.Entry != h.ordinal {
		return nil
	}
	e, err := a.Index.Entry(h.ordinal)
	if err != nil {
		return nil
	}
	kind := text.KindOf(h.Path, &e)
	var parts []text.Part
	for k, limit := range snippetReads {
		if k > 0 {
			if limit = min(limit, *further); limit <= snippetReads[k-1] {
				break
			}
			*further -= min(n.Size, limit)
		}
		r, err := v.Content(&n, 0, min(n.Size, limit))
		if err != nil {
			return nil
		}
		content := make([]byte, min(n.Size, limit))
		_, err = io.ReadFull(r, content)
		if err = errors.Join(err, r.Close()); err != nil {
			return nil
		}
		parts = q.Snippet(prose.Extract(kind, content).Text)
		if n.Size <= limit || slices.ContainsFunc(parts, func(p text.Part) bool { return p.Mark }) {
			break
		}
	}
	return parts
}

// hitNode finds the file of a hit.
func (v *View) hitNode(h *TextHit) (n plan.Node, err error) {
	if h.live != nil {
		path, err := v.Archive(h.source).Index.Path(h.ordinal)
		if err != nil {
			return n, err
		}
		n, _, err = v.LayerNode(h.source, path)
		return n, err
	}
	if n, _, err = v.Find(h.Path); err == nil && n.Source == h.source {
		err = v.Proved(&n)
	}
	return n, err
}
