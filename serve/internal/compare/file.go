package compare

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/tarpack/tpk/serve/internal/archives/browse"
	"github.com/tarpack/tpk/serve/internal/archives/changes"
	"github.com/tarpack/tpk/serve/internal/listing"
	"github.com/tarpack/tpk/serve/internal/textdiff"
	"github.com/tarpack/tpk/serve/internal/textenc"
	"github.com/tarpack/tpk/sidecar"
)

// Limits of texts that are compared.
const (
	maxText      = 1 << 20 // bytes of each
	maxLines     = 100_000 // of each
	rowsOfAPage  = 2000
	pictureMedia = "image/"
)

// filePage is what file.html shows.
type filePage struct {
	frame
	Back          template.URL
	Path          string
	Facts         []string
	Before, After template.URL
	Pictures      []picture
	Details       []detail // of both sides, if the text is not shown
	Note          string
	Blocks        []block
	All, Folded   template.URL
	Pages         *pages
}

// picture is a picture of one side.
type picture struct {
	Label, Alt string
	Src        template.URL
}

// detail is what is known of both sides.
type detail struct{ Label, Old, New string }

// block is a run of lines that are the same, or of lines that differ, or a fold.
type block struct {
	Same  bool
	Fold  string
	Lines []line
}

// line is two lines side by side. A number is "" where there is no line.
type line struct {
	OldNumber, NewNumber string
	Old, New             []part
}

type part struct {
	Text string
	Mark bool
	Cut  string
}

// pair returns what both folders have at the path of the request.
func (a *answer) pair() (*browse.Pair, error) {
	return a.c.Pair(a.q.file, browse.ListOptions{Media: a.w.planner.MediaType})
}

// reason is why texts are not compared.
type reason uint8

const (
	noReason reason = iota
	noText          // one of them is no text
	tooLarge
	sameText // only how it is encoded, or its ends of lines, may differ
	noFiles
)

// texts are the texts of a file.
type texts struct {
	why       reason
	lines     [2][]string
	encodings [2]string // for people
}

// texts returns the texts of both sides. A side without a file has no lines.
func (a *answer) texts(p *browse.Pair) (x texts, err error) {
	x.why = noFiles
	for i, e := range []*sidecar.Entry{p.Old, p.New} {
		if e == nil {
			continue
		}
		if e.Type != sidecar.TypeFile && e.Type != sidecar.TypeHardlink {
			return texts{why: noFiles}, nil
		}
		if x.why = noReason; e.Size > maxText {
			return texts{why: tooLarge}, nil
		}
		b, err := a.c.Content(p, i)
		if err != nil {
			return x, err
		}
		name := textenc.Detect(b, false, p.Media[i])
		if name == "" {
			return texts{why: noText}, nil
		}
		text := textenc.Decode(b, false, name)
		x.encodings[i] = textenc.Label(b, name)
		if strings.Count(text, "\n") > maxLines {
			return texts{why: tooLarge}, nil
		}
		x.lines[i] = textdiff.Split(text)
	}
	return x, nil
}

func (a *answer) file() ([]byte, error) {
	t, d := a.t.Compare, a.d
	p := &filePage{frame: a.frame(), Path: listing.Readable(d.Path),
		Back: template.URL(a.q.link(func(q *request) { q.file = "" }))}
	if d.Other != "" {
		p.Path = listing.Readable(d.Other) + " → " + p.Path
	}
	p.Heading, p.Title = p.Path, p.Path+" · "+t.Title
	p.Here = d.Path[strings.LastIndexByte(d.Path, '/')+1:]
	p.Here = listing.Readable(p.Here)
	p.Old, p.New = side{}, side{}
	for i, to := range []*side{&p.Old, &p.New} {
		if path := d.Paths[i]; path != "" {
			*to = side{"/" + listing.Readable(path),
				template.URL(listing.Href(a.q.root(), path) + "?list=view")}
		}
	}
	to := func(path string) template.URL {
		if path == "" {
			return ""
		}
		return template.URL(a.q.link(func(q *request) { q.file, q.all = path, false }))
	}
	p.Before, p.After = to(d.Before), to(d.After)
	a.fileFacts(p, d)
	a.pictures(p, d)
	return a.showTexts(p, d)
}

// showTexts shows the texts of a file, or what else is known.
func (a *answer) showTexts(p *filePage, d *browse.Pair) ([]byte, error) {
	t := a.t.Compare
	if d.Same {
		p.Note = t.SameFile
		return execute("file.html", p)
	}
	x, err := a.texts(d)
	if err != nil {
		return nil, err
	}
	var edits []textdiff.Edit
	if x.why == noReason {
		a.encodings(p, &x)
		if edits, err = textdiff.Lines(a.v.Context(), x.lines[0], x.lines[1]); err != nil {
			return nil, err
		}
		if len(edits) == 0 {
			x.why = sameText
		}
	}
	switch x.why {
	case noText:
		p.Note = t.Binary
	case tooLarge:
		p.Note = listing.Fill(t.TooLarge, a.t.Bytes(maxText), a.t.Num(maxLines))
	case sameText:
		p.Note = t.SameText
		if d.Old != nil && d.New != nil && d.Old.Hash == d.New.Hash && d.Old.Size == d.New.Size {
			p.Note = t.SameContent
		}
	}
	if x.why != noReason {
		if len(p.Pictures) > 0 {
			p.Note = ""
		}
		return a.fileDetails(p, d)
	}
	a.rows(p, &x, edits)
	return execute("file.html", p)
}

// rows sets the part of the lines that is shown.
func (a *answer) rows(p *filePage, x *texts, edits []textdiff.Edit) {
	t, q := a.t, a.q
	rows := textdiff.Rows(edits, len(x.lines[0]), len(x.lines[1]), q.all)
	folds := false
	for _, r := range rows {
		folds = folds || r.Fold > 0
	}
	if folds {
		p.All = template.URL(q.link(func(q *request) { q.all = true }))
	} else if q.all {
		p.Folded = template.URL(q.link(func(q *request) { q.all = false }))
	}
	n := len(rows)
	from := int(min(q.offset, int64(n)))
	rows = rows[from:min(from+rowsOfAPage, n)]
	for _, r := range rows {
		if r.Fold > 0 {
			p.Blocks = append(p.Blocks, block{Fold: t.Count(int64(r.Fold), t.Compare.SameLines)})
			continue
		}
		k := len(p.Blocks) - 1
		if k < 0 || p.Blocks[k].Fold != "" || p.Blocks[k].Same != r.Same {
			p.Blocks = append(p.Blocks, block{Same: r.Same})
			k++
		}
		p.Blocks[k].Lines = append(p.Blocks[k].Lines, a.line(x, r))
	}
	if n <= rowsOfAPage && from == 0 {
		return
	}
	p.Pages = &pages{Label: listing.Fill(t.PageOf, t.Num(int64(from/rowsOfAPage+1)),
		t.Num(int64((n+rowsOfAPage-1)/rowsOfAPage)))}
	if from > 0 {
		p.Pages.Prev = template.URL(
			q.link(func(q *request) { q.offset = int64(max(from-rowsOfAPage, 0)) }))
	}
	if end := from + len(rows); end < n && len(rows) > 0 {
		p.Pages.Next = template.URL(q.link(func(q *request) { q.offset = int64(end) }))
	}
}

func (a *answer) line(x *texts, r textdiff.Row) (l line) {
	var old, new []textdiff.Part
	switch {
	case r.Same:
		new = textdiff.Plain(x.lines[1][r.New-1])
		old = new
	case r.Old > 0 && r.New > 0:
		old, new = textdiff.Marks(x.lines[0][r.Old-1], x.lines[1][r.New-1])
	case r.Old > 0:
		old = textdiff.Plain(x.lines[0][r.Old-1])
	default:
		new = textdiff.Plain(x.lines[1][r.New-1])
	}
	if r.Old > 0 {
		l.OldNumber, l.Old = fmt.Sprint(r.Old), a.parts(old)
	}
	if r.New > 0 {
		l.NewNumber, l.New = fmt.Sprint(r.New), a.parts(new)
	}
	return l
}

// parts makes the parts of a line fit to be shown.
func (a *answer) parts(parts []textdiff.Part) (out []part) {
	for _, p := range parts {
		texts := strings.Split(p.Text, "\t")
		for i := range texts {
			texts[i] = listing.Readable(texts[i])
		}
		shown := part{Text: strings.Join(texts, "\t"), Mark: p.Mark}
		if p.Cut > 0 {
			shown.Cut = a.t.Count(int64(p.Cut), a.t.Compare.Characters)
		}
		out = append(out, shown)
	}
	return out
}

// encodings adds the encodings of texts, unless both are in UTF-8.
func (a *answer) encodings(p *filePage, x *texts) {
	old, new := x.encodings[0], x.encodings[1]
	if old == "" || new == "" || old == new {
		old = max(old, new)
		new = old
	}
	switch {
	case old != new:
		p.Facts = append(p.Facts, old+" → "+new)
	case old != textenc.Label(nil, textenc.UTF8):
		p.Facts = append(p.Facts, old)
	}
}

// fileFacts sets what is known of the difference.
func (a *answer) fileFacts(p *filePage, d *browse.Pair) {
	t := a.t.Compare
	if !d.Same {
		label := t.Kinds[kindNames[d.Kind].class]
		var what []string
		if d.Kind == changes.Changed || d.Kind == changes.Attributes {
			for _, word := range d.What {
				what = append(what, t.What[word])
			}
		}
		if len(what) > 0 {
			label += ": " + strings.Join(what, ", ")
		}
		p.Facts = append(p.Facts, label)
	}
	if size := a.sizes(d.Old, d.New); size != "" {
		p.Facts = append(p.Facts, size)
	}
}

// pictures sets the pictures of a file that is one on the sides that have it.
func (a *answer) pictures(p *filePage, d *browse.Pair) {
	t := a.t.Compare
	for i, label := range []string{t.Old, t.New} {
		if d.Paths[i] == "" {
			continue
		}
		if !strings.HasPrefix(d.Media[i], pictureMedia) {
			p.Pictures = nil
			return
		}
		p.Pictures = append(p.Pictures, picture{label, label + ": " + listing.Readable(d.Paths[i]),
			template.URL(listing.Href(a.q.root(), d.Paths[i]))})
	}
}

// known is something that is known of an entry of a side.
type known struct {
	label string
	of    func(side int, e *sidecar.Entry) (string, error)
}

// fileDetails renders a file whose text is not compared, with what is known of both sides.
func (a *answer) fileDetails(p *filePage, d *browse.Pair) ([]byte, error) {
	for _, k := range a.known(d) {
		x := detail{Label: k.label}
		for i, e := range []*sidecar.Entry{d.Old, d.New} {
			if e == nil {
				continue
			}
			text, err := k.of(i, e)
			if err != nil {
				return nil, err
			}
			*[]*string{&x.Old, &x.New}[i] = text
		}
		if x.Old != "" || x.New != "" {
			p.Details = append(p.Details, x)
		}
	}
	return execute("file.html", p)
}

// known returns what can be known of both sides.
func (a *answer) known(d *browse.Pair) []known {
	t := a.t
	isFile := func(e *sidecar.Entry) bool {
		return e.Type == sidecar.TypeFile || e.Type == sidecar.TypeHardlink
	}
	ofFile := func(text func(e *sidecar.Entry) string) func(int, *sidecar.Entry) (string, error) {
		return func(_ int, e *sidecar.Entry) (string, error) {
			if !isFile(e) {
				return "", nil
			}
			return text(e), nil
		}
	}
	return []known{
		{t.View.Type, func(i int, e *sidecar.Entry) (string, error) {
			if isFile(e) {
				return d.Media[i], nil
			}
			return t.Compare.Types[e.Type], nil
		}},
		{t.Size, ofFile(func(e *sidecar.Entry) string { return t.Count(e.Size, t.Byte) })},
		{"xxHash64", ofFile(func(e *sidecar.Entry) string { return fmt.Sprintf("%016x", e.Hash) })},
		{"SHA-256", func(i int, _ *sidecar.Entry) (string, error) { return a.c.SHA256(&d.Pair, i) }},
		{t.View.LinkTo, func(i int, _ *sidecar.Entry) (string, error) {
			text, err := a.c.Link(&d.Pair, i)
			return listing.Readable(text), err
		}},
		{t.Compare.Mode, func(_ int, e *sidecar.Entry) (string, error) {
			return fmt.Sprintf("%04o", e.Mode), nil
		}},
		{t.Modified, func(_ int, e *sidecar.Entry) (string, error) {
			return time.Unix(e.ModTime, 0).UTC().Format("2006-01-02 15:04:05 UTC"), nil
		}},
	}
}
