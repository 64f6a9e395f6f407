package browse

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tarpack/tpk/serve/internal/archives"

	"github.com/tarpack/tpk/serve/internal/archives/contents"
	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/match"
	"github.com/tarpack/tpk/serve/internal/natural"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/turns"
	"github.com/tarpack/tpk/sidecar"
)

// searcher is a search in everything that a View has, or in one folder.
type searcher struct {
	v      *View
	ctx    context.Context
	m      *match.Matcher
	dir    string // the folder, or ""
	o      ListOptions
	order  []archives.Folder // what is searched: folders of archives, by mount
	list   *List
	hits   []hit
	plain  []plainItem
	walked bool // plain is complete

	choices *choices
}

// hit is an entry or a plain file that matches.
type hit struct {
	at      int32 // number in searcher.order, or plainSource
	ordinal uint32
	rank    match.Rank
}

// nameSearches limits how many searches for names run at the same time. Each uses all processors.
var nameSearches = turns.All()

// nameTime is how long a search for names may take, and nameWait how long it may wait for others
// before that. farTime is both if an index has to be fetched.
var (
	nameTime = 2 * time.Second
	nameWait = 2 * time.Second
	farTime  = 30 * time.Second
)

// errCostly means that a search has taken too long.
var errCostly = errors.New("the search is for too much")

// checkEvery is after how many hits a search looks whether its time is over.
const checkEvery = 256

// Search looks for the words of a query in the names of everything below a folder, or in the paths:
// see package match. Offset is 0, or Next of a search before. It looks at MaxPlain plain files. If
// it takes too long, the List is empty and Costly.
func (v *View) Search(dir, query string, o ListOptions) (*List, error) {
	limit, wait := nameTime, nameWait
	if v.Far() {
		limit, wait = farTime, farTime
	}
	done, err := nameSearches.TakeWithin(v.Context(), wait, errCostly)
	var l *List
	if err == nil {
		defer done()
		ctx, cancel := context.WithTimeoutCause(v.Context(), limit, errCostly)
		defer cancel()
		l, err = v.search(ctx, dir, query, o)
	}
	if errors.Is(err, errCostly) {
		return &List{Title: v.Title(), Tree: contents.UnknownTotals, All: -1, Costly: true}, nil
	}
	return l, err
}

func (v *View) search(
	ctx context.Context, dir, query string, o ListOptions,
) (*List, error) {
	if o.Hidden = v.Hiding(o.Hidden); o.Hidden == nil {
		o.Hidden = func(string) bool { return false }
	}
	s := &searcher{v: v, ctx: ctx, m: match.New(query), dir: dir, o: o,
		list: &List{Tree: contents.UnknownTotals}}
	if v.Nested() { // archives may be there that no request has come across
		if err := s.walk(); err != nil {
			return nil, err
		}
	}
	if err := s.collect(); err != nil {
		return nil, err
	}
	if err := s.sort(); err != nil {
		return nil, err
	}
	s.list.Title = v.Title()
	s.list.All = len(s.hits)
	if err := s.addChoices(); err != nil {
		return nil, err
	}
	if s.contested() {
		s.list.All = -1
	}
	at := int(min(o.Offset, int64(len(s.hits))))
	for ; at < len(s.hits); at++ {
		if at%checkEvery == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		it, ok, err := s.item(s.hits[at])
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if len(s.list.Items) == o.Limit {
			s.list.More, s.list.Next = true, int64(at)
			break
		}
		o.addMedia(&it)
		s.list.count(it.Type, it.Size, it.Packed)
		s.list.Items = append(s.list.Items, it)
	}
	s.list.Total = len(s.list.Items)
	return s.list, nil
}

// collect finds all that matches.
func (s *searcher) collect() error {
	for m, mt := range s.v.Mounted() {
		rest, inside := paths.Below(mt.Path, s.dir)
		if _, around := paths.Below(s.dir, mt.Path); !inside && !around {
			continue
		}
		s.list.Incomplete = s.list.Incomplete || mt.Pending
		for _, i := range mt.Sources {
			a, err := s.v.Touch(i)
			if err != nil {
				return err
			}
			d := archives.Folder{Mount: m, Source: i, Ordinal: sidecar.Root}
			if inside && rest != "" {
				k, isDir, err := a.Directory(rest)
				if err != nil {
					return err
				}
				if !isDir {
					continue
				}
				d.Ordinal = k
			}
			if err := s.searchArchive(a, d); err != nil {
				return err
			}
		}
	}
	if s.v.HasDirs() && !s.walked {
		if err := s.walk(); err != nil {
			return err
		}
	}
	for i := range s.plain {
		rank, _ := s.m.Match(s.plain[i].Path)
		s.hits = append(s.hits, hit{archives.PlainSource, uint32(i), rank})
	}
	return nil
}

// searchArchive searches a folder of an archive.
func (s *searcher) searchArchive(a *archives.Archive, d archives.Folder) error {
	omit, err := a.Omit(s.v.Hidden(), s.v.Mounted()[d.Mount].Path)
	if err != nil {
		return err
	}
	end, err := a.End(d.Ordinal)
	if err != nil {
		return err
	}
	found, err := s.m.Search(s.ctx, a.Index, d.Ordinal+1, end, omit.Skips())
	if err != nil {
		return a.Wrap(err)
	}
	at := int32(len(s.order))
	s.order = append(s.order, d)
	s.hits = slices.Grow(s.hits, len(found))
	for _, f := range found {
		s.hits = append(s.hits, hit{at, f.Ordinal, f.Rank})
	}
	return nil
}

// contested reports whether a path may be answered by something else than what has it.
func (s *searcher) contested() bool { return len(s.order) > 1 || s.v.contested() }

// contested reports whether a path may be answered by something else than the mount that has it.
func (v *View) contested() bool {
	return len(v.Mounted()) > 1 || v.HasDirs() || v.Nested()
}

// answers reports whether the source of a mount is what answers a path that it has, and nothing
// else.
func (v *View) answers(path string, mount, source int, t sidecar.Type) bool {
	n, m, err := v.Find(path)
	if err != nil || n.Kind == plan.Missing || v.InDirs(path, mount, 0) {
		return false
	}
	if m == archives.NoMount {
		return t == sidecar.TypeDir
	}
	return n.Source == source
}

// answersPlain reports whether the directory d of a mount is what answers a path that it has, and
// nothing else.
func (v *View) answersPlain(path string, mount, d int, t sidecar.Type) bool {
	_, m, err := v.Find(path)
	if err != nil || v.InDirs(path, mount, d) {
		return false
	}
	return m == archives.NoMount && t == sidecar.TypeDir || m != archives.NoMount && m > mount
}

// item returns the row of a hit. It returns false if that is hidden, or if something else answers
// its path.
func (s *searcher) item(h hit) (Item, bool, error) {
	if h.at == archives.PlainSource {
		return s.plainItem(&s.plain[h.ordinal])
	}
	d := s.order[h.at]
	a, mount := s.v.Archive(d.Source), s.v.Mounted()[d.Mount].Path
	it, err := rowOf(a, int(h.ordinal))
	if err != nil || a.Hides(s.o.Hidden, mount, it.Path) {
		return it, false, err
	}
	it.Path = paths.Join(mount, it.Path)
	if it.Choice, err = s.choices.of(d.Source, int(h.ordinal)); err != nil {
		return it, false, err
	}
	if it.Type == sidecar.TypeSymlink && s.v.LeadsToHidden(it.Path, s.o.Hidden) {
		return it, false, nil
	}
	if it.Type == sidecar.TypeDir {
		if err := s.addTotals(&it, a, mount, int(h.ordinal)); err != nil {
			return it, false, err
		}
	}
	return it, !s.contested() || s.v.answers(it.Path, d.Mount, d.Source, it.Type), nil
}

// addTotals sets what a folder has in it, unless several sources have it.
func (s *searcher) addTotals(it *Item, a *archives.Archive, mount string, ordinal int) error {
	if s.contested() {
		dirs, err := s.v.Directories(it.Path)
		if err != nil || len(dirs) != 1 || s.v.HasDirs() || s.v.IsAbove(it.Path) {
			it.setTotals(contents.UnknownTotals)
			return err
		}
	}
	return s.v.addTotals(it, a, mount, ordinal)
}

// plainItem is item for a plain file.
func (s *searcher) plainItem(it *plainItem) (Item, bool, error) {
	at, d := s.v.place(it.dir)
	if !s.v.answersPlain(it.Path, at, d, it.Type) {
		return it.Item, false, nil
	}
	there, err := it.sniff(it.dir, s.v.Mounted()[at].Path)
	return it.Item, there && err == nil, err
}

// sort puts the hits in order. Equal ones are in the order of ranks, archives and paths.
func (s *searcher) sort() error {
	ranked := make([]hit, 0, len(s.hits))
	for rank := range match.Ranks {
		for _, h := range s.hits {
			if h.rank == rank {
				ranked = append(ranked, h)
			}
		}
	}
	s.hits = ranked
	if s.o.Order == ByRank {
		return nil
	}
	type keyed struct {
		hit
		text  string
		value int64
	}
	all := make([]keyed, len(s.hits))
	for i, h := range s.hits {
		if i%checkEvery == 0 && s.ctx.Err() != nil {
			return context.Cause(s.ctx)
		}
		it, err := s.sortItem(h)
		if err != nil {
			return err
		}
		all[i] = keyed{hit: h}
		switch s.o.Order {
		case ByName:
			all[i].text = natural.Key(it.Name())
		case BySize:
			all[i].value = it.Size
		case ByPacked:
			all[i].value = it.Packed
		case ByTime:
			all[i].value = it.ModTime
		}
	}
	compared := 0
	slices.SortStableFunc(all, func(a, b keyed) int {
		if compared++; compared%checkEvery == 0 && s.ctx.Err() != nil {
			compared-- // and from now on each time: nothing is moved any more
			return 0
		}
		if s.o.Descending {
			a, b = b, a
		}
		return cmp.Or(cmp.Compare(a.value, b.value), strings.Compare(a.text, b.text))
	})
	if s.ctx.Err() != nil {
		return context.Cause(s.ctx)
	}
	for i := range all {
		s.hits[i] = all[i].hit
	}
	return nil
}

// sortItem returns what the order of a hit depends on.
func (s *searcher) sortItem(h hit) (it Item, err error) {
	if h.at == archives.PlainSource {
		return s.plain[h.ordinal].Item, nil
	}
	d := s.order[h.at]
	a := s.v.Archive(d.Source)
	if s.o.Order == ByName {
		it.Path, err = a.Index.Path(int(h.ordinal))
		return it, a.Wrap(err)
	}
	e, err := a.Index.Entry(int(h.ordinal))
	if err != nil {
		return it, a.Wrap(err)
	}
	it = Item{Type: e.Type, Size: e.Size, Packed: e.ContentLen, ModTime: e.ModTime}
	switch e.Type {
	case sidecar.TypeDir:
		err = s.v.addTotals(&it, a, s.v.Mounted()[d.Mount].Path, int(h.ordinal))
	case sidecar.TypeSymlink:
		it.Size = 0
	}
	return it, err
}
