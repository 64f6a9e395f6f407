//go:build !minimal

package code

import (
	"testing"

	"github.com/alecthomas/chroma/v2"
)

// spy keeps the rules that a lexer has compiled. It goes to a state of its own, as matchLimit does.
type spy struct{ rules chroma.CompiledRules }

func (s *spy) MutateLexer(rules chroma.CompiledRules, state string, _ int) error {
	delete(rules, state)
	s.rules = rules
	return nil
}

func (s *spy) Mutate(*chroma.LexerState) error { return nil }

// TestMatchLimit: every rule has the limit, those of included states as well.
func TestMatchLimit(t *testing.T) {
	s := &spy{}
	l := limited(&chroma.Config{Name: "spied"}, func() chroma.Rules {
		return chroma.Rules{
			"root": {{Pattern: "a", Type: chroma.Keyword}, chroma.Include("other")},
			"other": {{Pattern: "b", Type: chroma.Comment},
				{Pattern: "c", Mutator: chroma.Combined("root")}},
			"spy": {{Mutator: s}},
		}
	})
	shown := ""
	NewWork().Color("ab", l, func(part, class string) { shown += part + class })
	if shown != "akbc" {
		t.Error(shown)
	}
	n := 0
	for state, rules := range s.rules {
		for _, r := range rules {
			if n++; r.Regexp.MatchTimeout != matchTime {
				t.Errorf("%s: %q has %v", state, r.Pattern, r.Regexp.MatchTimeout)
			}
		}
	}
	if _, ok := s.rules[limitState]; ok || n < 5 {
		t.Errorf("%d rules in the states %v", n, s.rules)
	}
	for _, l := range registry().Lexers {
		rules, err := l.(*chroma.RegexLexer).Rules()
		if err != nil || len(rules[limitState]) != 1 {
			t.Errorf("%s has no limit: %v", l.Config().Name, err)
		}
	}
}
