package flags

import (
	"github.com/urfave/cli/v2"
)

// otherNames are what other programs call our commands.
var otherNames = map[string]string{
	"create": "pack", "compress": "pack", "c": "pack", "list": "ls", "l": "ls", "t": "ls",
	"unpack": "extract", "x": "extract", "untar": "extract", "decompress": "extract",
	"delete": "rm", "remove": "rm", "append": "add", "check": "verify", "test": "verify",
	"server": "serve", "join": "merge", "concat": "merge", "compare": "diff", "show": "cat",
	"fix": "repair", "reindex": "index", "optimize": "compact", "optimise": "compact",
}

// SuggestCommand returns the command that is probably meant by a word that is none, or "".
func SuggestCommand(app *cli.App, word string) string {
	if name, ok := otherNames[word]; ok {
		return name
	}
	var names []string
	for _, cmd := range app.VisibleCommands() {
		names = append(names, cmd.Names()...)
	}
	return nearest(word, names)
}

// suggestFlag returns the long flag of a command that is probably meant by a name that is none, or
// "".
func suggestFlag(all []cli.Flag, name string) string {
	var names []string
	for _, f := range all {
		for _, n := range f.Names() {
			if len(n) > 1 {
				names = append(names, n)
			}
		}
	}
	return nearest(name, names)
}

// nearest returns the name that is made from the word by the fewest edits, up to one in three
// letters. It returns "" if there is none, or if two are as near.
func nearest(word string, names []string) string {
	best, least, tie := "", max(1, len(word)/3)+1, false
	for _, name := range names {
		if len(word) < 2 || len(word) > 2*len(name)+2 {
			continue
		}
		switch d := distance(word, name); {
		case d < least:
			best, least, tie = name, d, false
		case d == least && best != "":
			tie = true
		}
	}
	if tie {
		return ""
	}
	return best
}

// distance returns how many letters have to be inserted, removed, replaced or exchanged with the
// next one to make b from a: the optimal string alignment distance.
func distance(a, b string) int {
	var before, last []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
