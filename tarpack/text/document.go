package text

import (
	"path"
	"strings"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/text/prose"
	"github.com/tarpack/tpk/tarpack/text/words"
)

// KindOf returns the kind of an entry, prose.None if it is no document. The name decides; without
// an ending, the content does. A hard link is none: its target is.
func KindOf(name string, e *sidecar.Entry) prose.Kind {
	if e.Type != sidecar.TypeFile || e.Size == 0 {
		return prose.None
	}
	if kind := prose.KindOf(name); kind != prose.None || path.Ext(name) != "" {
		return kind
	}
	if strings.HasPrefix(e.Sniff.MediaType(), "text/html") {
		return prose.HTML
	}
	return prose.None
}

// A document is one that was read, with its words.
type document struct {
	ordinal int
	title   string
	keys    []string
	names   wordList // of the name and of the title
	body    wordList
}

// A wordList is words one after the other: the length of each in a byte, and the word.
type wordList []byte

func (l *wordList) addAll(text []byte) {
	words.Each(text, func(_, _ int, word []byte) bool {
		*l = append(append(*l, byte(len(word))), word...)
		return true
	})
}

// each calls visit with each word, "" for one that is too long.
func (l wordList) each(visit func(word []byte)) {
	for len(l) > 0 {
		n := int(l[0])
		visit(l[1 : 1+n])
		l = l[1+n:]
	}
}

// A reader reads documents of an archive. It reuses its memory.
type reader struct {
	archive *tarpack.Archive
	content []byte
}

// read reads entry i, which has this path and is of this kind. It returns nil if that has no text.
func (r *reader) read(i int, name string, kind prose.Kind) (*document, error) {
	var err error
	if r.content, err = Content(r.archive, r.content[:0], i); err != nil {
		return nil, err
	}
	p := prose.Extract(kind, r.content)
	if len(p.Text) == 0 && p.Title == "" {
		return nil, nil
	}
	d := &document{ordinal: i, title: p.Title, keys: keysOf(name, p.Title)}
	d.names.addAll([]byte(name[strings.LastIndexByte(name, '/')+1:] + " " + p.Title))
	d.body = make(wordList, 0, len(p.Text)+len(p.Text)/8)
	d.body.addAll(p.Text)
	return d, nil
}

// keysOf returns the names by which a document is known, each as words with spaces between: that of
// the file without its ending, the part of that after the first dot (as in struct.Vec.html), the
// folder's if the file is its index, and the title up to what often follows it.
func keysOf(name, title string) []string {
	base := strings.TrimSuffix(path.Base(name), path.Ext(name))
	names := []string{base}
	if _, last, ok := strings.Cut(base, "."); ok {
		names = append(names, last)
	}
	if l := strings.ToLower(base); l == "index" || l == "readme" {
		names = []string{path.Base(path.Dir(name))}
	}
	for _, separator := range []string{" - ", " | ", " — ", " – ", " · ", " in "} {
		if short, _, ok := strings.Cut(title, separator); ok {
			names = append(names, short)
		}
	}
	names = append(names, title)
	var keys []string
	seen := map[string]bool{"": true}
	for _, n := range names {
		if k := keyOf(n); !seen[k] && len(k) <= maxKey {
			seen[k] = true
			keys = append(keys, k)
		}
	}
	return keys
}

// maxKey is the length of the longest key. Nobody types longer ones.
const maxKey = 80

// keyOf returns the words of a text with spaces between.
func keyOf(text string) string {
	var b strings.Builder
	words.Each(text, func(_, _ int, word []byte) bool {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.Write(word)
		return b.Len() <= maxKey
	})
	return b.String()
}
