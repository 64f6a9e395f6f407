//go:build !minimal

package code

import (
	"embed"
	"encoding/xml"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/alecthomas/chroma/v2"
)

// Lexer finds the tokens of a language.
type Lexer = chroma.Lexer

// NameOf returns the name of the language of a lexer.
func NameOf(l Lexer) string { return l.Config().Name }

// The lexers are chroma's own, of the version in go.mod; TestLexers compares them. They are copied
// because chroma's package lexers reads all of its 279 while a program starts.
//
//go:embed lexers/*.xml
var lexerFiles embed.FS

// registry has the lexers. It is made for the first text.
var registry = sync.OnceValue(func() *chroma.LexerRegistry {
	all := chroma.NewLexerRegistry()
	entries, err := lexerFiles.ReadDir("lexers")
	if err != nil {
		panic(err) // it is embedded
	}
	for _, e := range entries {
		file := path.Join("lexers", e.Name())
		config := chroma.MustNewXMLLexer(lexerFiles, file).Config()
		all.Register(limited(config, func() chroma.Rules { return rulesOf(file) }))
	}
	all.Register(limited(&chroma.Config{Name: "Go", Aliases: []string{"go"},
		Filenames: []string{"*.go"}}, goRules))
	all.Register(limited(&chroma.Config{Name: "Markdown", Aliases: []string{"md"},
		Filenames: []string{"*.md", "*.markdown", "*.mkd"}}, markdownRules))
	return all
})

// rulesOf returns the rules of a file of lexerFiles.
func rulesOf(file string) chroma.Rules {
	var lexer struct {
		Rules chroma.Rules `xml:"rules"`
	}
	b, err := lexerFiles.ReadFile(file)
	if err == nil {
		err = xml.Unmarshal(b, &lexer)
	}
	if err != nil {
		panic(err) // it is embedded
	}
	return lexer.Rules
}

// interpreters are lexers by the program in the first line of a script.
var interpreters = map[string]string{
	"sh": "bash", "bash": "bash", "dash": "bash", "ksh": "bash", "zsh": "bash", "fish": "fish",
	"python": "python", "perl": "perl", "ruby": "ruby", "node": "javascript", "lua": "lua",
	"awk": "awk", "gawk": "awk", "make": "make", "Rscript": "r", "tclsh": "tcl", "php": "php",
}

// ForFile returns the lexer of a file with a name and a first line, or nil.
func ForFile(name, text string) Lexer {
	if l := registry().Match(name); l != nil {
		if l.Config().Name == "plaintext" {
			return nil
		}
		return l
	}
	line, _, _ := strings.Cut(text[:min(len(text), 256)], "\n")
	switch {
	case strings.HasPrefix(line, "#!"):
		words := strings.Fields(line[2:])
		if len(words) > 1 && path.Base(words[0]) == "env" {
			words = words[1:]
		}
		if len(words) == 0 {
			return nil
		}
		program := strings.TrimRight(path.Base(words[0]), "0123456789.")
		return byAlias(interpreters[program])
	case strings.HasPrefix(line, "<?xml"):
		return byAlias("xml")
	case strings.HasPrefix(line, "diff -"):
		return byAlias("diff")
	}
	return nil
}

// languages are lexers by names of languages that they do not have themselves.
var languages = map[string]string{"golang": "go", "jsonc": "json", "json5": "json", "yml": "yaml",
	"ipython": "python", "ipython3": "python"}

// ForLanguage returns the lexer of a language, as documents and notebooks name it, or nil.
func ForLanguage(name string) Lexer {
	name = strings.ToLower(name)
	if alias := languages[name]; alias != "" {
		name = alias
	}
	for _, l := range registry().Lexers {
		c := l.Config()
		if strings.ToLower(c.Name) == name || slices.Contains(c.Aliases, name) {
			return l
		}
	}
	return nil
}

// byAlias returns the lexer with an alias, or nil.
func byAlias(alias string) Lexer {
	if alias == "" {
		return nil
	}
	return registry().Get(alias)
}

// goRules are the rules for Go. Chroma has them only in its package lexers.
func goRules() chroma.Rules {
	type rule = chroma.Rule
	words := func(list string) string { return `(` + strings.ReplaceAll(list, " ", "|") + `)\b` }
	return chroma.Rules{"root": {
		rule{Pattern: `\s+`, Type: chroma.TextWhitespace},
		rule{Pattern: `//[^\n]*`, Type: chroma.CommentSingle},
		rule{Pattern: `/\*[\s\S]*?\*/`, Type: chroma.CommentMultiline},
		rule{Pattern: words("import package"), Type: chroma.KeywordNamespace},
		rule{Pattern: words("var func struct map chan type interface const"),
			Type: chroma.KeywordDeclaration},
		rule{Pattern: words("break default select case defer go else goto switch fallthrough if " +
			"range continue for return"), Type: chroma.Keyword},
		rule{Pattern: words("true false iota nil"), Type: chroma.KeywordConstant},
		rule{Pattern: words("append cap clear close complex copy delete imag len make max min new "+
			"panic print println real recover") + `(?=\()`, Type: chroma.NameBuiltin},
		rule{Pattern: words("any bool byte comparable complex128 complex64 error float32 float64 " +
			"int int16 int32 int64 int8 rune string uint uint16 uint32 uint64 uint8 uintptr"),
			Type: chroma.KeywordType},
		rule{Pattern: `(0[xX][0-9a-fA-F_]+|0[bB][01_]+|[0-9][0-9_]*(\.[0-9_]*)?([eE][+-]?[0-9]+)?)i?`,
			Type: chroma.LiteralNumber},
		rule{Pattern: `'(\\.[^'\n]*|[^'\\\n])'`, Type: chroma.LiteralStringChar},
		rule{Pattern: "`[^`]*`", Type: chroma.LiteralString},
		rule{Pattern: `"(\\.|[^"\\\n])*"`, Type: chroma.LiteralString},
		rule{Pattern: `[^\W\d]\w*(?=\()`, Type: chroma.NameFunction},
		rule{Pattern: `[^\W\d]\w*`, Type: chroma.NameOther},
		rule{Pattern: `.`, Type: chroma.Punctuation},
	}}
}

// markdownRules are rules for the source of Markdown. They mark lines and a few spans.
func markdownRules() chroma.Rules {
	type rule = chroma.Rule
	return chroma.Rules{"root": {
		rule{Pattern: `#{1,6} [^\n]*`, Type: chroma.GenericHeading},
		rule{Pattern: "```[^\\n]*\\n[\\s\\S]*?\\n```[^\\n]*", Type: chroma.LiteralString},
		rule{Pattern: "`[^`\\n]+`", Type: chroma.LiteralString},
		rule{Pattern: `\*\*[^*\n]+\*\*`, Type: chroma.GenericStrong},
		rule{Pattern: `!?\[[^\]\n]*\]\([^)\n]*\)`, Type: chroma.NameTag},
		rule{Pattern: `<!--[\s\S]*?-->`, Type: chroma.Comment},
		rule{Pattern: `\s+`, Type: chroma.TextWhitespace},
		rule{Pattern: `[^\s#*\[!<` + "`" + `]+`, Type: chroma.Text},
		rule{Pattern: `.`, Type: chroma.Text},
	}}
}
