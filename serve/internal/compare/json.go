package compare

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tarpack/tpk/serve/internal/archives/changes"
	"github.com/tarpack/tpk/serve/internal/textdiff"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
)

// listJSON is a comparison in JSON. README.md describes it.
type listJSON struct {
	Path    string                `json:"path"` // of the old folder
	With    string                `json:"with"` // of the new one
	Total   int                   `json:"total"`
	Counts  map[string]*countJSON `json:"counts"`
	Offset  int64                 `json:"offset"`
	Next    string                `json:"next,omitempty"` // reference to the next part
	Entries []diffJSON            `json:"entries"`
}

type countJSON struct {
	Paths   int   `json:"paths"`
	OldSize int64 `json:"old_size"` // bytes of files
	NewSize int64 `json:"new_size"`
}

// diffJSON is one line of the command's JSON, with what it does not have: moves.
type diffJSON struct {
	Change    string     `json:"change"`
	Path      string     `json:"path"`
	Raw       []byte     `json:"path_base64,omitempty"` // of a path that is not UTF-8
	What      []string   `json:"what,omitempty"`
	Old       *entryJSON `json:"old,omitempty"`
	New       *entryJSON `json:"new,omitempty"`
	MovedFrom string     `json:"moved_from,omitempty"` // of an added path: a removed one
	MovedTo   string     `json:"moved_to,omitempty"`   // of a removed path: an added one
}

type entryJSON struct {
	Type  string `json:"type"`
	Size  int64  `json:"size"`
	Mode  string `json:"mode"`
	MTime string `json:"mtime"`
	Hash  string `json:"hash,omitempty"`
}

// countKinds are the names of kinds in JSON. A move counts once.
var countKinds = map[string]changes.Kind{"added": changes.Added, "removed": changes.Removed,
	"changed": changes.Changed, "moved": changes.Moved, "attributes": changes.Attributes}

func (a *answer) json() ([]byte, error) {
	q := a.q
	rows, n, err := a.c.Rows(q.offset, q.limit, kinds[q.kind]...)
	if err != nil {
		return nil, err
	}
	out := listJSON{Path: "/" + a.c.Path(0), With: "/" + a.c.Path(1), Total: n, Offset: q.offset,
		Counts: map[string]*countJSON{}, Entries: []diffJSON{}}
	for name, kind := range countKinds {
		c := a.c.Count(kind)
		out.Counts[name] = &countJSON{c.N, c.Old, c.New}
	}
	if end := q.offset + int64(len(rows)); len(rows) > 0 && end < int64(n) {
		out.Next = q.link(func(q *request) { q.offset = end })
	}
	for i := range rows {
		out.Entries = append(out.Entries, diffJSONOf(&rows[i]))
	}
	return encode(out)
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // it is no part of a page
	err := e.Encode(v)
	return b.Bytes(), err
}

func diffJSONOf(d *changes.Diff) diffJSON {
	j := diffJSON{Change: format.Changed.String(), Path: strings.ToValidUTF8(d.Path, "\ufffd"),
		What: d.What, Old: entryJSONOf(d.Old), New: entryJSONOf(d.New)}
	if !utf8.ValidString(d.Path) {
		j.Raw = []byte(d.Path)
	}
	other := strings.ToValidUTF8(d.Other, "\ufffd")
	switch d.Kind {
	case changes.Added:
		j.Change = format.Added.String()
	case changes.Moved:
		j.Change, j.MovedFrom, j.Old = format.Added.String(), other, nil
	case changes.Removed:
		j.Change = format.Removed.String()
	case changes.MovedAway:
		j.Change, j.MovedTo, j.New = format.Removed.String(), other, nil
	}
	return j
}

func entryJSONOf(e *sidecar.Entry) *entryJSON {
	if e == nil {
		return nil
	}
	j := &entryJSON{Type: e.Type.String(), Size: e.Size, Mode: fmt.Sprintf("%04o", e.Mode),
		MTime: time.Unix(e.ModTime, 0).UTC().Format(time.RFC3339)}
	if e.Type == sidecar.TypeFile || e.Type == sidecar.TypeHardlink {
		j.Hash = fmt.Sprintf("%016x", e.Hash)
	}
	return j
}

// fileJSON is how one path differs.
type fileJSON struct {
	diffJSON
	Same  bool       `json:"same,omitempty"` // nothing differs
	Edits []editJSON `json:"edits,omitempty"`
	// Encodings are those of the old and the new text. Without them there are no edits.
	Encodings []string `json:"encodings,omitempty"`
}

// editJSON are lines of the new text in place of lines of the old one. Each list has the number of
// the first line, counted from 1, and how many there are.
type editJSON struct {
	Old [2]int `json:"old"`
	New [2]int `json:"new"`
}

func (a *answer) fileJSON() ([]byte, error) {
	p := a.d
	out := fileJSON{diffJSON: diffJSONOf(&p.Diff), Same: p.Same}
	texts, err := a.texts(p)
	if err != nil {
		return nil, err
	}
	if !p.Same && texts.why == noReason {
		out.Encodings = texts.encodings[:]
		edits, err := textdiff.Lines(a.v.Context(), texts.lines[0], texts.lines[1])
		if err != nil {
			return nil, err
		}
		for _, e := range edits {
			out.Edits = append(out.Edits, editJSON{[2]int{e.Old + 1, e.OldEnd - e.Old},
				[2]int{e.New + 1, e.NewEnd - e.New}})
		}
	}
	return encode(out)
}
