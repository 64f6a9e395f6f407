//go:build !minimal

package code

import (
	"maps"
	"slices"

	"github.com/alecthomas/chroma/v2"
)

// classes are classes of code.css by the type of a token, of its sub-category or of its category.
var classes = map[chroma.TokenType]string{
	chroma.Keyword: "k", chroma.KeywordType: "t", chroma.KeywordConstant: "m",
	chroma.NameFunction: "f", chroma.NameFunctionMagic: "f", chroma.NameClass: "t",
	chroma.NameTag: "g", chroma.NameAttribute: "a", chroma.NameBuiltin: "b",
	chroma.NameBuiltinPseudo: "m", chroma.NameConstant: "m", chroma.NameDecorator: "a",
	chroma.NameEntity: "m", chroma.NameNamespace: "t", chroma.NameProperty: "a",
	chroma.NameException: "t", chroma.NameVariable: "v", chroma.NameLabel: "a",
	chroma.LiteralString: "s", chroma.LiteralNumber: "m", chroma.LiteralDate: "m",
	chroma.LiteralStringEscape: "m", chroma.LiteralStringInterpol: "m",
	chroma.Comment: "c", chroma.CommentPreproc: "k", chroma.OperatorWord: "k",
	chroma.GenericDeleted: "del", chroma.GenericInserted: "ins", chroma.GenericHeading: "h",
	chroma.GenericSubheading: "h", chroma.GenericStrong: "h", chroma.GenericPrompt: "k",
	chroma.GenericError: "del", chroma.GenericOutput: "c",
}

func classOf(t chroma.TokenType) string {
	for _, of := range []chroma.TokenType{t, t.SubCategory(), t.Category()} {
		if class, ok := classes[of]; ok {
			return class
		}
	}
	return ""
}

// Classes returns all classes of tokens.
func Classes() []string {
	return slices.Compact(slices.Sorted(maps.Values(classes)))
}
