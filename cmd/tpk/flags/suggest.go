package flags

import (
	"slices"
	"strings"

	"github.com/tarpack/tpk/cmd/tpk/cli"
)

// otherNames are what other programs call our commands.
var otherNames = map[string]string{
	"create": "pack", "compress": "pack", "c": "pack", "zip": "pack", "tar": "pack", "gzip": "pack",
	"archive": "pack", "list": "ls", "l": "ls", "t": "ls", "dir": "ls", "tree": "ls", "find": "ls",
	"unpack": "extract", "x": "extract", "e": "extract", "untar": "extract", "unzip": "extract",
	"gunzip": "extract", "decompress": "extract", "expand": "extract", "get": "extract",
	"delete": "rm", "del": "rm", "d": "rm", "remove": "rm", "append": "add", "a": "add",
	"insert": "add", "put": "add", "u": "update", "sync": "update", "refresh": "update",
	"check": "verify", "test": "verify", "validate": "verify", "server": "serve", "http": "serve",
	"host": "serve", "start": "serve", "join": "merge", "concat": "merge", "combine": "merge",
	"compare": "diff", "cmp": "diff", "show": "cat", "print": "cat", "fix": "repair",
	"recover": "repair", "reindex": "index", "optimize": "compact", "optimise": "compact",
	"stat": "info", "status": "info", "import": "convert",
}

// otherFlags are what other programs call our flags. The first that a command has is meant.
var otherFlags = map[string][]string{
	"lvl": {"level"}, "l": {"level", "listen"}, "compression": {"level"}, "compress": {"level"},
	"compression-level": {"level"}, "fast": {"level"}, "best": {"level"},
	"port": {"listen"}, "p": {"listen"}, "bind": {"listen"}, "addr": {"listen"},
	"address": {"listen"}, "host": {"listen"}, "unix": {"socket"},
	"threads": {"workers"}, "jobs": {"workers"}, "j": {"workers"}, "parallel": {"workers"},
	"ignore": {"exclude"}, "skip": {"exclude"}, "X": {"exclude-from"}, "only": {"include"},
	"follow": {"dereference"}, "output": {"directory"}, "o": {"directory"}, "out": {"directory"},
	"d": {"directory"}, "dir": {"directory"}, "dest": {"directory"}, "target": {"directory"},
	"outdir": {"directory"}, "output-dir": {"directory"}, "target-directory": {"directory"},
	"to": {"into", "directory"}, "v": {"progress"}, "verbose": {"progress", "access-log"},
	"strip-prefix": {"strip-components"}, "skip-old-files": {"keep-old-files"},
	"no-clobber": {"keep-old-files"}, "long": {"l"}, "la": {"l"}, "al": {"l"}, "lh": {"l"},
	"n": {"shards", "dry-run"}, "parts": {"shards"}, "count": {"shards"}, "number": {"shards"},
	"bytes": {"size"}, "tls": {"tls-cert"}, "ssl": {"tls-cert"}, "https": {"tls-cert"},
	"cert": {"tls-cert"}, "key": {"tls-key"}, "single-page": {"spa"}, "no-index": {"no-listing"},
	"log": {"access-log"}, "timeout": {"idle-timeout"}, "delete": {"max-delete"},
	"overwrite": {"replace"}, "force": {"replace"},
}

// SuggestCommand returns the command that is probably meant by a word that names none, or "".
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

// suggestFlag returns the flag of a command that is probably meant by a name that none has, or "".
func suggestFlag(all []cli.Flag, name string) string {
	var names []string
	for _, f := range all {
		names = append(names, f.Names()...)
	}
	for _, other := range otherFlags[name] {
		if slices.Contains(names, other) {
			return other
		}
	}
	if len(name) == 1 && name[0] >= '0' && name[0] <= '9' && slices.Contains(names, "level") {
		return "level " + name // as of gzip
	}
	names = slices.DeleteFunc(names, func(n string) bool {
		opposite := name == "include" && n == "exclude" || n == "no-"+name || name == "no-"+n
		return len(n) < 2 || opposite
	})
	return nearest(name, names)
}

// nearest returns the only name that begins with the word, or else the one that is made from it by
// the fewest edits, up to one in three letters. It returns "" if there is none, or if two are as
// near.
func nearest(word string, names []string) string {
	longer := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return len(word) < 2 || !strings.HasPrefix(name, word)
	})
	if len(longer) == 1 {
		return longer[0]
	}
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
