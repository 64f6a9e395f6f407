package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// testedFile is the page that lists what was tested on which platform.
const testedFile = "docs/tested.md"

// notes writes the text of the release: its changes, what was tested, and how to check a download.
func (r *release) notes(context.Context) error {
	changelog, err := os.ReadFile(filepath.Join(r.source, "CHANGELOG.md"))
	if err != nil {
		return err
	}
	changes, err := changesOf(string(changelog), r.version())
	if err != nil {
		return err
	}
	tested, err := os.ReadFile(filepath.Join(r.source, testedFile))
	if err != nil {
		return err
	}
	root := homepage + "/blob/" + r.tag + "/"
	page := root + "docs/"
	text := fmt.Sprintf("# tpk %s\n\nHow to [install it](%s) and [check a download](%s).\n\n%s\n\n%s",
		r.version(), page+"releasing.md#installing", page+"releasing.md#checking-a-download",
		withLinks(changes, root), asSection(string(tested), page))
	return writeFile(filepath.Join(r.out, "tpk-"+r.version()+"-notes.md"), []byte(text))
}

// changesOf returns the section of a version in the changelog, without its heading. A trial, whose
// version has none, gets the section Unreleased.
func changesOf(changelog, version string) (string, error) {
	for _, heading := range []string{version, "Unreleased"} {
		start := regexp.MustCompile(`(?m)^## ` + regexp.QuoteMeta(heading) + `( .*)?\n`)
		if at := start.FindStringIndex(changelog); at != nil {
			section, _, _ := strings.Cut(changelog[at[1]:], "\n## ")
			return strings.TrimSpace(section), nil
		}
	}
	return "", errors.New("CHANGELOG.md has no section " + version)
}

// relativeLink matches a link of Markdown to another page of its directory.
var relativeLink = regexp.MustCompile(`\]\(([^:#)]+\.md)`)

// headingMarks matches the start of each heading of Markdown.
var headingMarks = regexp.MustCompile(`(?m)^#`)

// withLinks returns a page as a text that is read elsewhere: its links to other pages lead to where
// these are, below the URL of its directory.
func withLinks(text, directory string) string {
	return relativeLink.ReplaceAllString(text, "]("+directory+"$1")
}

// asSection returns a page as withLinks does, as a section: its headings are one level lower.
func asSection(text, directory string) string {
	return headingMarks.ReplaceAllString(withLinks(text, directory), "##")
}
