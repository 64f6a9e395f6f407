package verified

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/internal/regular"
)

// maxSize bounds what is read of a file: results of some 10,000 archives.
const maxSize = 16 << 20

// series are the metrics of the file, in its order.
var series = []struct {
	name, help string
	field      func(*Result) *int64 // nil: it has the digest as a label, and the value 1
}{
	{"tpk_verify_timestamp_seconds", "When the archive was last checked.",
		func(r *Result) *int64 { return &r.Checked }},
	{"tpk_verify_last_success_timestamp_seconds", "When the archive was last found in order.",
		func(r *Result) *int64 { return &r.Good }},
	{"tpk_verify_entries", "Entries that the last check found in order.",
		func(r *Result) *int64 { return &r.Entries }},
	{"tpk_verify_bytes", "Bytes of content that the last check found in order.",
		func(r *Result) *int64 { return &r.Bytes }},
	{"tpk_verify_problems", "Problems that the last check found.",
		func(r *Result) *int64 { return &r.Problems }},
	{"tpk_verify_archive", "The digest of the index of the archive that was checked.", nil},
}

// Read returns the results in a file, by path. A file that is not there has none. The error wraps
// ErrForeign if there is anything else in it.
func Read(name string) (map[string]Result, error) {
	f, err := regular.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return map[string]Result{}, nil
	case errors.Is(err, regular.ErrNotRegular):
		return nil, fmt.Errorf("%s: %w", name, ErrForeign)
	case err != nil:
		return nil, err
	}
	defer f.Close() // opened for reading only
	b, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, err
	}
	all, ok := parse(string(b))
	if !ok || len(b) > maxSize {
		return nil, fmt.Errorf("%s: %w", name, ErrForeign)
	}
	return all, nil
}

// parse returns the results in a text, or false if it has anything else.
func parse(text string) (map[string]Result, bool) {
	all := map[string]Result{}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "# HELP tpk_verify_") ||
			strings.HasPrefix(line, "# TYPE tpk_verify_") {
			continue
		}
		if !parseLine(strings.TrimSuffix(line, "\n"), all) {
			return nil, false
		}
	}
	return all, true
}

// parseLine adds what a line has to the results.
func parseLine(line string, all map[string]Result) bool {
	at := strings.LastIndexByte(line, ' ')
	name, labels, ok := strings.Cut(line[:max(at, 0)], "{path=")
	if !ok {
		return false
	}
	quoted, err := strconv.QuotedPrefix(labels)
	if err != nil || quoted[0] != '"' { // Go has other quotes, too
		return false
	}
	path, ok := unquote(quoted)
	value, err := strconv.ParseInt(line[at+1:], 10, 64)
	if !ok || err != nil || value < 0 {
		return false
	}
	rest, r := labels[len(quoted):], all[path]
	for _, s := range series {
		switch {
		case s.name != name:
			continue
		case s.field == nil:
			digest, begins := strings.CutPrefix(rest, `,digest="`)
			digest, ends := strings.CutSuffix(digest, `"}`)
			if !begins || !ends || strings.ContainsAny(digest, `"\`) {
				return false
			}
			r.Digest = digest
		case rest != "}":
			return false
		default:
			*s.field(&r) = value
		}
		all[path] = r
		return true
	}
	return false
}

var escapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// unquote returns the value of a label in quotes. Prometheus has fewer escapes than Go.
func unquote(quoted string) (string, bool) {
	var b strings.Builder
	text := quoted[1 : len(quoted)-1]
	for {
		before, after, found := strings.Cut(text, `\`)
		b.WriteString(before)
		if !found {
			return b.String(), true
		}
		c := strings.IndexByte(`\"n`, after[0])
		if c < 0 {
			return "", false
		}
		b.WriteByte("\\\"\n"[c])
		text = after[1:]
	}
}

// Write replaces a file at once, as others may read it at any moment.
func Write(name string, all map[string]Result) error {
	f, err := osfile.NewPending(filepath.Dir(name), ".tpk-verify")
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	for _, s := range series {
		fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s gauge\n", s.name, s.help, s.name)
		for _, path := range slices.Sorted(maps.Keys(all)) {
			r := all[path]
			switch label := escapes.Replace(path); {
			case s.field != nil:
				fmt.Fprintf(w, "%s{path=\"%s\"} %d\n", s.name, label, *s.field(&r))
			case r.Digest != "":
				fmt.Fprintf(w, "%s{path=\"%s\",digest=\"%s\"} 1\n", s.name, label, r.Digest)
			}
		}
	}
	if err = w.Flush(); err == nil {
		err = f.Replace(name)
	}
	if err != nil {
		return errors.Join(err, f.Cleanup())
	}
	return nil
}
