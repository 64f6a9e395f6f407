//go:build !minimal

package code

import (
	"errors"
	"sync"
	"time"

	"github.com/alecthomas/chroma/v2"
	"github.com/dlclark/regexp2/v2"
)

// matchTime is how long a lexer tries a single rule at a place. Chroma's own limit is 250 ms. After
// it, a lexer goes on with the next rule, so that a token may take it as often as there are rules.
const matchTime = 50 * time.Millisecond

// matchLimit sets the limit when a lexer has compiled its rules, which is the only time that chroma
// hands out its regular expressions. It is the mutator of a state of its own, which it removes.
type matchLimit struct{}

const limitState = "tpk: match limit"

// limited returns the lexer with the rules, under the limit.
func limited(c *chroma.Config, rules func() chroma.Rules) chroma.Lexer {
	setClock()
	return chroma.MustNewLexer(c, func() chroma.Rules {
		all := rules().Clone()
		all[limitState] = []chroma.Rule{{Mutator: matchLimit{}}}
		return all
	})
}

// setClock makes the clock of regular expressions finer than the limit. It is 100 ms otherwise.
var setClock = sync.OnceFunc(func() { regexp2.SetTimeoutCheckPeriod(matchTime / 5) })

// MutateLexer sets the limit of all rules.
func (matchLimit) MutateLexer(rules chroma.CompiledRules, state string, _ int) error {
	delete(rules, state)
	for _, list := range rules {
		for _, r := range list {
			r.Regexp.MatchTimeout = matchTime
		}
	}
	return nil
}

// Mutate is never called: nothing leads to the state.
func (matchLimit) Mutate(*chroma.LexerState) error { return errors.ErrUnsupported }
