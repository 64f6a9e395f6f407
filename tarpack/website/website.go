package website

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// Made by js/build.mjs.
//
//go:embed files
var files embed.FS

// The names of the files, in the order in which they get them: the last one starts the others.
const (
	readerName   = "tpk-reader.js"
	workerName   = "tpk-sw.js"
	notFoundName = "404.html"
	startName    = "index.html"
)

// Files returns the names of the files that [Write] writes.
func Files() []string { return []string{readerName, workerName, notFoundName, startName} }

// ErrForeign: there is a file with one of the names that Write did not write.
var ErrForeign = errors.New("is not a file of the viewer")

// Options are the options of [Write].
type Options struct {
	// Archive is the URL of the archive or of the list of a shard set. It may be relative to the
	// directory of the files.
	Archive string
	// NoScripts forbids the scripts of the archive's pages, by a Content-Security-Policy.
	NoScripts bool
}

// Write writes the files into a directory, which is created if it is missing. It replaces only
// files that it has written itself: any other is an *fs.PathError that wraps ErrForeign, and
// nothing is written.
func Write(dir string, o *Options) (err error) {
	undo, err := makeDir(dir)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			undo()
		}
	}()
	for _, name := range Files() {
		if err := checkOurs(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	var pending []*osfile.Pending
	defer func() { // before the directory is removed
		for _, f := range pending {
			_ = f.Cleanup() // does nothing once the file is in place
		}
	}()
	for _, name := range Files() {
		content, err := contentOf(name, o)
		if err != nil {
			return err
		}
		name = filepath.Join(dir, name)
		f, err := osfile.NewPending(filepath.Dir(name), ".tpk-website-")
		if err != nil {
			return named(name, err)
		}
		pending = append(pending, f)
		if _, err := f.Write(content); err != nil {
			return named(name, err)
		}
	}
	for i, f := range pending {
		if err := f.Replace(filepath.Join(dir, Files()[i])); err != nil {
			return named(filepath.Join(dir, Files()[i]), err)
		}
	}
	return durable.SyncDir(filepath.Join(dir, startName))
}

// makeDir creates a directory and those above it. undo removes those that it has created, as far as
// they are empty.
func makeDir(dir string) (undo func(), err error) {
	var created []string // the deepest first
	for d := filepath.Clean(dir); ; d = filepath.Dir(d) {
		if _, err := os.Lstat(d); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		created = append(created, d)
	}
	undo = func() {
		for _, d := range created {
			if os.Remove(d) != nil {
				return
			}
		}
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		undo()
		return nil, err
	}
	return undo, nil
}

// named is err with the name of the file in place of that of its temporary file.
func named(name string, err error) error {
	var where *fs.PathError
	if errors.As(err, &where) {
		return &fs.PathError{Op: where.Op, Path: name, Err: where.Err}
	}
	return fmt.Errorf("%s: %w", name, err)
}

// ours is in each of the files.
var ours = []byte("the viewer of tpk archives")

// checkOurs returns an error unless a file is missing or was written by Write.
func checkOurs(name string) error {
	fi, err := os.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	foreign := &fs.PathError{Op: "write", Path: name, Err: ErrForeign}
	const largest = 1 << 20 // bytes; the files are much smaller
	if !fi.Mode().IsRegular() || fi.Size() > largest {
		return foreign
	}
	content, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if !bytes.Contains(content, ours) {
		return foreign
	}
	return nil
}

// contentOf returns the content of a file.
func contentOf(name string, o *Options) ([]byte, error) {
	switch name {
	case notFoundName:
		name = startName
	case workerName:
		config, err := json.Marshal(struct { // json escapes what is special in a script
			Archive string `json:"archive"`
			Scripts bool   `json:"scripts"`
		}{o.Archive, !o.NoScripts})
		if err != nil {
			return nil, err
		}
		worker, err := files.ReadFile("files/" + name)
		return fmt.Appendf(nil, "self.tpkConfig = %s;\nimportScripts(%q);\n%s", config, readerName,
			worker), err
	}
	return files.ReadFile("files/" + name)
}
