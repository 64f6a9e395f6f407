package exclude

import (
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// A ruleSet finds the rules that may match a subject, so that many rules cost little more than a
// few. Each rule is filed under the longest text that whatever it matches must have. The zero value
// is empty.
type ruleSet struct {
	whole      map[string][]rule         // globs that match only themselves
	prefixes   map[int]map[string][]rule // by length and text, as suffixes
	suffixes   map[int]map[string][]rule
	inner      map[int]map[string][]rule // anywhere in what matches
	components map[string][]rule
	others     []rule
}

// special are the characters that may mean something else than themselves in a glob.
const special = `*?[]{}\`

func (s *ruleSet) add(r rule) {
	first := strings.IndexAny(r.glob, special)
	if first < 0 {
		put(&s.whole, r.glob, r)
		return
	}
	// "docs/**" matches "docs", and "**/x" matches "x": the slashes need not be there.
	prefix := strings.TrimSuffix(r.glob[:first], "/")
	suffix := strings.TrimPrefix(r.glob[strings.LastIndexAny(r.glob, special)+1:], "/")
	component := ""
	if !strings.ContainsAny(r.glob, `{\`) && !slashInClass(r.glob) { // then each component is a glob
		for c := range strings.SplitSeq(r.glob, "/") {
			if len(c) > len(component) && !strings.ContainsAny(c, special) {
				component = c
			}
		}
	}
	inner := longestInner(r.glob)
	switch n := max(len(prefix), len(suffix), len(component), len(inner)); {
	case n == 0:
		s.others = append(s.others, r)
	case n == len(prefix):
		putLong(&s.prefixes, prefix, r)
	case n == len(suffix):
		putLong(&s.suffixes, suffix, r)
	case n == len(component):
		put(&s.components, component, r)
	default:
		putLong(&s.inner, inner, r)
	}
}

// longestInner returns the longest text between two stars or question marks of a glob. It returns
// "" if the glob has other special characters, as those may stand for several texts.
func longestInner(glob string) (longest string) {
	if strings.ContainsAny(glob, `[]{}\`) {
		return ""
	}
	for text := range strings.FieldsFuncSeq(glob, func(r rune) bool { return r == '*' || r == '?' }) {
		if text = strings.Trim(text, "/"); len(text) > len(longest) {
			longest = text
		}
	}
	return longest
}

// slashInClass reports whether a character class of a glob has a slash in it, or seems to.
func slashInClass(glob string) bool {
	for c := range strings.SplitSeq(glob, "/") {
		if open := strings.LastIndexByte(c, '['); open >= 0 && !strings.Contains(c[open+1:], "]") {
			return true
		}
	}
	return false
}

func put(m *map[string][]rule, text string, r rule) {
	if *m == nil {
		*m = map[string][]rule{}
	}
	(*m)[text] = append((*m)[text], r)
}

func putLong(m *map[int]map[string][]rule, text string, r rule) {
	if *m == nil {
		*m = map[int]map[string][]rule{}
	}
	texts := (*m)[len(text)]
	put(&texts, text, r)
	(*m)[len(text)] = texts
}

// match reports whether a rule matches the subject, a path or its last component.
func (s *ruleSet) match(subject string, isDir bool) bool {
	found := false
	s.candidates(subject, func(r rule) bool {
		found = (isDir || !r.dirOnly) && doublestar.MatchUnvalidated(r.glob, subject)
		return !found
	})
	return found
}

// candidates calls yield for the rules that may match the subject, until it returns false.
func (s *ruleSet) candidates(subject string, yield func(rule) bool) {
	all := func(rules []rule) bool {
		for _, r := range rules {
			if !yield(r) {
				return false
			}
		}
		return true
	}
	if !all(s.others) || !all(s.whole[subject]) {
		return
	}
	for n, texts := range s.prefixes {
		if n <= len(subject) && !all(texts[subject[:n]]) {
			return
		}
	}
	for n, texts := range s.suffixes {
		if n <= len(subject) && !all(texts[subject[len(subject)-n:]]) {
			return
		}
	}
	for n, texts := range s.inner {
		for i := 0; i+n <= len(subject); i++ {
			if !all(texts[subject[i:i+n]]) {
				return
			}
		}
	}
	if s.components == nil {
		return
	}
	for c := range strings.SplitSeq(subject, "/") {
		if !all(s.components[c]) {
			return
		}
	}
}
