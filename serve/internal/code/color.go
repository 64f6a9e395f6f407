//go:build !minimal

package code

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/alecthomas/chroma/v2"

	"github.com/tarpack/tpk/serve/internal/turns"
)

// Limits of the colours of a page. What is left of its code then has none. A lexer looks at all
// that is left of its text for a token, so that the time of a hostile text is the square of its
// length.
const (
	maxColored = 256 << 10              // bytes that lexers get
	maxTexts   = 2000                   // texts, as each has a cost of its own
	budget     = 2 * time.Second        // for all texts
	tokenTime  = 300 * time.Millisecond // for a token; a lexer that takes longer is stuck
	waiting    = time.Second            // for slots
)

// slots are how many texts are coloured at the same time: half of the processors stay free.
var slots = turns.Half()

// Work is what the code of a page may still cost, in one or in many texts. It is not safe for
// concurrent use. Methods of nil colour nothing.
type Work struct {
	bytes, texts  int
	time, waiting time.Duration
}

// NewWork returns the Work of a page.
func NewWork() *Work { return &Work{maxColored, maxTexts, budget, waiting} }

// takeSlot waits for a slot, which done gives back. It fails if there is none within the time.
func (w *Work) takeSlot() (done func(), err error) {
	begun := time.Now()
	done, err = slots.TakeWithin(context.Background(), w.waiting, context.DeadlineExceeded)
	w.waiting -= time.Since(begun)
	return done, err
}

// Color calls add with parts of the beginning of a text and their classes, "" for none, and returns
// how many bytes these are. The rest, which may be all, is left to the caller.
func (w *Work) Color(text string, lexer Lexer, add func(text, class string)) (colored int) {
	if w == nil || w.texts <= 0 || w.time <= 0 || lexer == nil {
		return 0
	}
	text = head(text, w.bytes)
	if text == "" {
		return 0
	}
	done, err := w.takeSlot()
	if err != nil {
		return 0
	}
	defer done()
	w.texts--
	w.bytes -= len(text)
	colored, _ = w.color(text, lexer, add)
	return colored
}

// head returns the beginning of a text that a lexer gets: whole lines, or whole characters of a
// very long line.
func head(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	n := strings.LastIndexByte(text[:limit], '\n') + 1
	if n == 0 {
		for n = limit; n > 0 && !utf8.RuneStart(text[n]); n-- {
		}
	}
	return text[:n]
}

// color is Color within the time. A lexer that fails ends it.
func (w *Work) color(text string, lexer Lexer, add func(text, class string)) (done int, err error) {
	defer func() {
		if p := recover(); p != nil { // chroma's way to report an error while it goes on
			err = fmt.Errorf("%v", p)
		}
	}()
	begun := time.Now()
	defer func() { w.time -= time.Since(begun) }()
	next, err := lexer.Tokenise(&chroma.TokeniseOptions{State: "root"}, text)
	if err != nil {
		return 0, err
	}
	for before := time.Now(); ; {
		token := next()
		now := time.Now()
		if now.Sub(before) > tokenTime {
			w.texts = 0 // the next text may be as slow
			return done, nil
		}
		if token == chroma.EOF || now.Sub(begun) > w.time {
			return done, nil
		}
		before = now
		value := token.Value
		if !strings.HasPrefix(text[done:], value) {
			if value = strings.TrimSuffix(value, "\n"); value != text[done:] {
				return done, nil // the lexer has changed the text
			}
		}
		add(value, classOf(token.Type))
		done += len(value)
	}
}
