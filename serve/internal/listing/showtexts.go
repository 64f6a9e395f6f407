package listing

import (
	"errors"

	"github.com/tarpack/tpk/serve/internal/markdown"
)

// ShowTexts are the texts of the ways to show the content of a file.
type ShowTexts struct {
	Table, Tree, Notebook, Rendered string // ways
	Picture, Document, Player, Font string
	AllAsText                       string

	Row, Column          [2]string
	FirstRows, FirstPart string
	Ragged, TooWide      string

	Key, Value          [2]string
	Unfold, Fold, Left  string
	NotJSON, LineColumn string

	Cell              [2]string
	Source, Output    string
	Longer, MoreCells string

	Tools, Fit, Actual, Closer, Farther string
	Move                                string

	NoDocument             string
	NoScript, BadFont      string
	Sizes, Sentences       string
	Characters, OwnText    string
	Pangrams               []string
	NoPlayer, NoneReadable string

	// Why a file is shown as text.
	NoRows, NotNotebook, BusyNotebook string
	TooDeep, TooLarge, BusyDocument   string
	OddCell, OddOutput                string // why a part of a notebook is not shown

	Complex, ManyPixels, OpenAnyway string // why a picture is not shown at once
}

// NotRendered returns why a document is shown as text, for an error of package markdown; "" for
// other errors.
func (t *Texts) NotRendered(err error) string {
	switch {
	case errors.Is(err, markdown.ErrTooDeep):
		return t.Show.TooDeep
	case errors.Is(err, markdown.ErrTooLarge):
		return t.Show.TooLarge
	case errors.Is(err, markdown.ErrBusy):
		return t.Show.BusyDocument
	}
	return ""
}

var englishShow = ShowTexts{
	Table: "Table", Tree: "Tree", Notebook: "Notebook", Rendered: "Rendered",
	Picture: "Picture", Document: "Document", Player: "Player", Font: "Specimen",
	AllAsText: "All as text",
	Row:       [2]string{"row", "rows"}, Column: [2]string{"column", "columns"},
	FirstRows: "The first %s of %s rows.", FirstPart: "A larger file, up to row %s.",
	Ragged: "Rows with more or fewer fields than the first: %s.", TooWide: "The first %s columns.",
	Key: [2]string{"key", "keys"}, Value: [2]string{"value", "values"},
	Unfold: "Unfold all", Fold: "Fold all", Left: "%s more",
	NotJSON: "This is no valid JSON:", LineColumn: "line %s, column %s",
	Cell: [2]string{"cell", "cells"}, Source: "Source", Output: "Output",
	Longer: "More of this cell is in the text of the file.", MoreCells: "%s more cells.",
	Tools: "Zoom", Fit: "Fit", Actual: "100 %", Closer: "Zoom in", Farther: "Zoom out",
	Move:       "Plus and minus zoom, 0 fits, arrow keys move the picture.",
	NoDocument: "This browser can't show the document here.",
	NoScript:   "A specimen needs JavaScript.", BadFont: "The browser can't use this font.",
	Sizes: "Sizes", Sentences: "Sentences", Characters: "Characters", OwnText: "Text to try",
	Pangrams: []string{"The quick brown fox jumps over the lazy dog.",
		"Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich.",
		"Portez ce vieux whisky au juge blond qui fume.", "0123456789 €$£¥ % & @ § ¶ † “” ‘’ «» – — …"},
	NoPlayer: "This browser can't play the file.", NoneReadable: "Nothing of this can be shown.",
	NoRows:      "There are no rows in this file. Its text:",
	NotNotebook: "This is no notebook of nbformat 3 or 4. Its text:",
	BusyNotebook: "The server is busy with other notebooks. Reload the page to see the cells of " +
		"this one. Its text:",
	TooDeep: "This document has too much markup, or markup that is nested too deeply, to be " +
		"rendered. Its text:",
	TooLarge: "This document is too large to be rendered. Its text:",
	BusyDocument: "The server is busy with other documents. Reload the page to see this one " +
		"rendered. Its text:",
	OddCell:   "This cell is malformed. Its JSON:",
	OddOutput: "This output is malformed. Its JSON:",
	Complex:   "To draw this picture, a browser may be busy for a long time.",
	ManyPixels: "This picture has so many pixels that a browser may be busy for a long time, and " +
		"use much memory.",
	OpenAnyway: "Open it anyway",
}

var germanShow = ShowTexts{
	Table: "Tabelle", Tree: "Baum", Notebook: "Notebook", Rendered: "Formatiert",
	Picture: "Bild", Document: "Dokument", Player: "Wiedergabe", Font: "Schriftmuster",
	AllAsText: "Alles als Text",
	Row:       [2]string{"Zeile", "Zeilen"}, Column: [2]string{"Spalte", "Spalten"},
	FirstRows: "Die ersten %s von %s Zeilen.",
	FirstPart: "Eine größere Datei, bis Zeile %s.",
	Ragged:    "Zeilen mit mehr oder weniger Feldern als die erste: %s.",
	TooWide:   "Die ersten %s Spalten.",
	Key:       [2]string{"Schlüssel", "Schlüssel"}, Value: [2]string{"Wert", "Werte"},
	Unfold: "Alle aufklappen", Fold: "Alle zuklappen", Left: "%s weitere",
	NotJSON: "Das ist kein gültiges JSON:", LineColumn: "Zeile %s, Spalte %s",
	Cell: [2]string{"Zelle", "Zellen"}, Source: "Quelltext", Output: "Ausgabe",
	Longer: "Mehr von dieser Zelle steht im Text der Datei.", MoreCells: "%s weitere Zellen.",
	Tools: "Zoom", Fit: "Einpassen", Actual: "100 %", Closer: "Vergrößern", Farther: "Verkleinern",
	Move:       "Plus und Minus zoomen, 0 passt ein, Pfeiltasten verschieben das Bild.",
	NoDocument: "Dieser Browser kann das Dokument hier nicht zeigen.",
	NoScript:   "Ein Schriftmuster braucht JavaScript.",
	BadFont:    "Der Browser kann diese Schrift nicht verwenden.",
	Sizes:      "Größen", Sentences: "Sätze", Characters: "Zeichen", OwnText: "Text zum Probieren",
	Pangrams: []string{"Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich.",
		"The quick brown fox jumps over the lazy dog.",
		"Portez ce vieux whisky au juge blond qui fume.", "0123456789 €$£¥ % & @ § ¶ † „“ ‚‘ »« – — …"},
	NoPlayer:     "Dieser Browser kann die Datei nicht abspielen.",
	NoneReadable: "Davon kann nichts gezeigt werden.",
	NoRows:       "In dieser Datei sind keine Zeilen. Ihr Text:",
	NotNotebook:  "Das ist kein Notebook mit nbformat 3 oder 4. Sein Text:",
	BusyNotebook: "Der Server ist mit anderen Notebooks beschäftigt. Laden Sie die Seite neu, um " +
		"die Zellen zu sehen. Der Text:",
	TooDeep: "Dieses Dokument hat zu viele oder zu tief verschachtelte Auszeichnungen, um " +
		"formatiert zu werden. Sein Text:",
	TooLarge: "Dieses Dokument ist zu groß, um formatiert zu werden. Sein Text:",
	BusyDocument: "Der Server ist mit anderen Dokumenten beschäftigt. Laden Sie die Seite neu, um " +
		"dieses formatiert zu sehen. Sein Text:",
	OddCell:   "Diese Zelle ist fehlerhaft. Ihr JSON:",
	OddOutput: "Diese Ausgabe ist fehlerhaft. Ihr JSON:",
	Complex:   "Dieses Bild zu zeichnen, kann einen Browser lange beschäftigen.",
	ManyPixels: "Dieses Bild hat so viele Pixel, dass es einen Browser lange beschäftigen und viel " +
		"Speicher brauchen kann.",
	OpenAnyway: "Trotzdem öffnen",
}
