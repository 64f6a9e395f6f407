package listing

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/tarpack/tpk/serve/internal/plan"
)

// texts are all texts of a page in one language. The %s and %d are filled in.
type texts struct {
	Lang string // BCP 47

	Home, Skip, TheWay, PagesLabel string
	Search, SearchAll, FilterLabel string
	Everywhere, OnlyIn, Back, Up   string
	SearchTitle                    string
	Folder, File, Link, Match      [2]string // one, and several
	Entry, Byte                    [2]string
	FirstMatches, Further, For     string
	Unpacked, Packed, Saved        string
	InAll, About, Shared           string
	DownloadAs, Partial            string
	Incomplete, NoMatch            string
	Empty, Behind, NoneLeft, All   string
	FirstPage, Previous, Next      string
	More, PageOf, Of               string
	Name, Size, Modified           string
	PackedHead, SharedPacked       string
	Preview, PreviewOf, ViewOf     string // {name} is filled in by the page
	ViewFile                       string
	Open, Close, CantShow          string
	Look                           lookTexts
	Caption, Keys                  string
	AsList, AsGrid, ViewsLabel     string
	KeyList                        []keyText
	SearchWhere, SearchIn          string
	InNames, InText, AllInText     string
	BestMatches, SameTitle, NoText string
	Costly, CostlyHelp             string
	NoIndex, NoIndexHelp           string
	Archive                        [2]string
	Waiting                        string
	NotFound, NothingHere          string
	Kinds                          map[string]string
	Get                            GetTexts
	Select, SelectOne, SelectAll   string
	Selection                      string
	Chosen, TooMuch                string // {n}, {s} and {name} are filled in by the page
	DownloadChosen, Clear          string
	EveryEntry, EveryMatch         string
	NotEvery                       string

	View    ViewTexts    // of the pages of files
	Show    ShowTexts    // of the ways to show files
	Compare CompareTexts // of the pages that compare folders

	overviewTexts

	comma, point, sign string // of thousands, of fractions, of percent
}

// lookTexts are texts of previews. Those from Unknown on are why there is none, and what to do.
type lookTexts struct {
	Prev, Next, Get, Again        string
	Larger, Encoding              string
	Unknown, Undrawn, Large       string
	Damaged, Gone, Broken, Folder string
	Offline, CutOff               string
}

// keyText is a key, or several with spaces between them, and what it does.
type keyText struct{ Key, Does string }

// Keys returns the keys.
func (k keyText) Keys() []string { return strings.Fields(k.Key) }

// textsFor returns the texts in the language that a client prefers.
func textsFor(r *plan.Request) *texts {
	if r.Language(english.Lang, german.Lang) == german.Lang {
		return german
	}
	return english
}

var english = &texts{
	Lang: "en",
	Home: "Home", Skip: "Skip to the list", TheWay: "Folders on the way here", PagesLabel: "Pages",
	Search: "Search", SearchAll: "Search everything", FilterLabel: "Filter this folder",
	Everywhere: "Everywhere", OnlyIn: "Only in %s", Back: "Back to %s", Up: "Up to %s",
	SearchTitle: "Search: %s",
	Folder:      [2]string{"folder", "folders"}, File: [2]string{"file", "files"},
	Link: [2]string{"link", "links"}, Match: [2]string{"match", "matches"},
	Entry: [2]string{"entry", "entries"}, Byte: [2]string{"byte", "bytes"},
	FirstMatches: "The first %s of %s matches", Further: "Further matches", For: "for “%s”",
	Unpacked: "%s unpacked", Packed: "%s packed", Saved: "%s saved by deduplication",
	InAll: "%s in all", About: "≈ %s", Shared: "The same bytes as another file, kept once",
	DownloadAs: "Download this folder as",
	Partial:    "The downloads hold only what the archive “%s” has of this folder.",
	Incomplete: "Of the files that are in no archive only the first %s were looked at.",
	NoMatch: "Nothing has these words in its name. With a slash, as in “docs/intro”, the whole " +
		"path is searched; “*.jpg” finds all names that end like this.",
	Empty: "This folder is empty.", Behind: "The list ends before this page.",
	NoneLeft: "No name in this folder matches “%s”.", All: "Show all",
	FirstPage: "First page", Previous: "Previous", Next: "Next", More: "More",
	PageOf: "Page %s of %s", Of: "%s of %s",
	Name: "Name", Size: "Size", Modified: "Modified", PackedHead: "Packed", SharedPacked: "shared",
	Preview: "Preview", PreviewOf: "Preview {name}", ViewOf: "View {name}",
	ViewFile: "View this file", Open: "Open", Close: "Close",
	CantShow: "This file can't be shown.",
	Look: lookTexts{
		Prev: "Previous file", Next: "Next file", Get: "Download", Again: "Try again",
		Larger:   "The beginning of a larger file. Open it to see all.",
		Encoding: "Encoding:",
		Unknown:  "This is no text, so there is no preview.",
		Undrawn:  "The browser can't show this file: it is damaged, or of another format.",
		Large:    "This file is too much for a preview.",
		Damaged:  "This file could not be read to its end: it is damaged, or the connection broke.",
		Gone:     "This file is not here any more.",
		Broken:   "This link leads to nothing in here:",
		Folder:   "This link leads to a folder.",
		Offline:  "The server can't be reached.",
		CutOff:   "The end of this file is missing.",
	},
	Caption: "Arrow keys move between rows, Enter opens, Space previews, / searches, ? shows all " +
		"keys.",
	AsList: "List", AsGrid: "Grid", ViewsLabel: "How to show this folder",
	Keys: "Keys",
	KeyList: []keyText{{"↑ ↓ k j Home End", "Move between rows"}, {"Enter", "Open"},
		{"Space", "Preview"}, {"v", "The page of a file"}, {"x", "Select"},
		{"← →", "Previous and next preview"}, {"Backspace", "Up"},
		{"/", "Search"}, {"f", "Filter this folder"}, {"Esc", "Clear, or close"}, {"?", "These keys"}},
	SearchWhere: "Where to search", SearchIn: "What to search",
	InNames: "In names", InText: "In the text of files", AllInText: "All in the text of files",
	BestMatches: "The best %s matches", SameTitle: "Same title:",
	NoText: "No file here has that in its text. In quotation marks, as in “\"to be\"”, words follow " +
		"one another; with a star, as in “wor*”, words begin so.",
	Costly: "The search is for too much", CostlyHelp: "Use longer or fewer words.",
	NoIndex:     "No text index",
	NoIndexHelp: "The text of files can't be searched here: no archive has an index of its text.",
	Archive:     [2]string{"archive", "archives"}, Waiting: "Not ready yet",
	NotFound:    "Not found",
	NothingHere: "There is nothing at this address. Look for it with the search above.",
	Kinds: map[string]string{"folder": "Folder", "link": "Link", "file": "File", "text": "Text",
		"page": "Page", "image": "Image", "audio": "Audio", "video": "Video", "font": "Font",
		"pack": "Archive"},
	View:    englishView,
	Show:    englishShow,
	Get:     englishGet,
	Compare: englishCompare,
	Select:  "Select", SelectOne: "Select {name}", SelectAll: "Select all", Selection: "Selection",
	Chosen: "{n} selected, {s}", DownloadChosen: "Download the selection as", Clear: "Clear",
	TooMuch: "Too many separate entries for one address. Select whole folders, or fewer " +
		"entries.",
	EveryEntry: "Select all %s", EveryMatch: "Select all matches",
	NotEvery:      "Not all could be selected: the list is too long, or has changed. Reload the page.",
	overviewTexts: englishOverview,
	comma:         ",", point: ".", sign: "%",
}

// num returns a number with separators.
func (t *texts) num(n int64) string {
	return strings.ReplaceAll(humanize.Comma(n), ",", t.comma)
}

// count returns a number and the word for what is counted.
func (t *texts) count(n int64, words [2]string) string {
	if n == 1 {
		return "1 " + words[0]
	}
	return t.num(n) + " " + words[1]
}

// bytes returns a size, rounded.
func (t *texts) bytes(n int64) string {
	return strings.Replace(humanize.Bytes(uint64(n)), ".", t.point, 1)
}

// fill fills a text in.
func fill(text string, values ...any) string { return fmt.Sprintf(text, values...) }
