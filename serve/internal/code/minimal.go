//go:build minimal

package code

// Work is what the code of a page may still cost. This build colours nothing.
type Work struct{}

// Lexer finds the tokens of a language. There is none in this build.
type Lexer interface{ lexer() }

// NameOf returns "".
func NameOf(Lexer) string { return "" }

// NewWork returns the Work of a page.
func NewWork() *Work { return nil }

// Color returns 0: all of the text is left to the caller.
func (*Work) Color(string, Lexer, func(text, class string)) int { return 0 }

// ForFile returns nil.
func ForFile(_, _ string) Lexer { return nil }

// ForLanguage returns nil.
func ForLanguage(string) Lexer { return nil }
