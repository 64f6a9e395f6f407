//go:build ignore

// Makes media.types from mime-db, the registry that most JavaScript servers use. It unites the
// lists of IANA, Apache and nginx:
//
//	npm pack mime-db && tar xzf mime-db-*.tgz
//	go run media_generate.go package/package.json package/db.json >media.types
//
// If two types claim an extension the better known one wins, by the rule of npm's mime-score.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"sort"
	"strings"
)

type mediaType struct {
	Source, Charset string
	Extensions      []string
}

func score(name string, source string) float64 {
	if name == "application/octet-stream" {
		return 0
	}
	kind, sub, _ := strings.Cut(name, "/")
	facet := 900.0
	for prefix, n := range map[string]float64{"prs.": 100, "x-": 200, "x.": 300, "vnd.": 400} {
		if strings.HasPrefix(sub, prefix) {
			facet = n
		}
	}
	origin := map[string]float64{"nginx": 10, "apache": 20, "iana": 40, "": 30}[source]
	rank := map[string]float64{"application": 1, "font": 2, "audio": 2, "video": 3}[kind]
	return facet + origin + rank + 1 - float64(len(name))/100
}

func main() {
	var about struct{ Version string }
	types := map[string]mediaType{}
	for i, into := range []any{&about, &types} {
		b, err := os.ReadFile(os.Args[i+1])
		if err == nil {
			err = json.Unmarshal(b, into)
		}
		if err != nil {
			log.Fatal(err)
		}
	}
	best := map[string]string{}
	for name, t := range types {
		for _, ext := range t.Extensions {
			if old, ok := best[ext]; !ok || score(name, t.Source) > score(old, types[old].Source) {
				best[ext] = name
			}
		}
	}
	lines := map[string][]string{}
	for ext, name := range best {
		if t := types[name]; strings.HasPrefix(name, "text/") || strings.EqualFold(t.Charset, "utf-8") {
			name = "*" + name
		}
		lines[name] = append(lines[name], ext)
	}
	names := make([]string, 0, len(lines))
	for name := range lines {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool {
		return strings.TrimPrefix(names[i],
			"*") < strings.TrimPrefix(names[j], "*")
	})
	fmt.Printf(
		"# From mime-db %s (MIT licence) by media_generate.go. A line: a type, * before it if "+
			"its text has a charset; its extensions.\n", about.Version)
	for _, name := range names {
		sort.Strings(lines[name])
		fmt.Println(name, strings.Join(lines[name], " "))
	}
}
