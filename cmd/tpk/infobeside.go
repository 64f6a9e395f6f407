package main

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/internal/count"
	codings "github.com/tarpack/tpk/sidecar/variants"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/cache"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/text"
	"github.com/tarpack/tpk/tarpack/variants"
)

// A besideFile is a file beside an archive that can be built again from it. Error is why it is not
// used, or "".
type besideFile struct {
	File    string   `json:"file"`
	Bytes   int64    `json:"bytes"`
	Codings []string `json:"codings,omitempty"` // of variants
	Error   string   `json:"error,omitempty"`
}

// findBeside looks for the variants and the text index beside an archive in a file of its own.
func (s *summary) findBeside(a *cache.Archive) error {
	if a.Converted || remote.IsURL(a.Name()) {
		return nil
	}
	if b := a.Within(); b != nil {
		s.Variants, s.Text = within(b, format.VariantsSuffix), within(b, text.Suffix)
		return nil
	}
	name, err := variants.Name(a.Name())
	if errors.Is(err, variants.ErrDevice) {
		return nil
	}
	if err != nil {
		return err
	}
	s.Variants = besideOf(name, func(b *besideFile) error {
		x, err := codings.Open(name, codings.Of(a.Index()))
		if err != nil {
			return err
		}
		for coding := range codings.NumCodings {
			if x.Settings().Codings.Has(coding) {
				b.Codings = append(b.Codings, coding.String())
			}
		}
		return x.Close()
	})
	name = a.Name() + text.Suffix
	s.Text = besideOf(name, func(*besideFile) error { return openText(name, a.Archive) })
	return nil
}

// within returns the file that would lie beside an archive, if it lies with it in a bundle. Only
// what belongs to the archive is put there.
func within(b tarpack.Container, suffix string) *besideFile {
	_, size, ok := b.Beside(suffix)
	if !ok {
		return nil
	}
	return &besideFile{File: b.ArchiveName() + suffix, Bytes: size}
}

// openText returns what is wrong with a text index.
func openText(name string, a *tarpack.Archive) error {
	x, err := text.Open(name, text.BindingOf(a))
	if err != nil {
		return err
	}
	return x.Close()
}

// besideOf returns the file name, if there is one. open adds to it, or returns what is wrong.
func besideOf(name string, open func(*besideFile) error) *besideFile {
	fi, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	b := &besideFile{File: name}
	if err == nil {
		b.Bytes = fi.Size()
		err = open(b)
	}
	if err != nil {
		b.Error = report.OneLine(strings.TrimPrefix(err.Error(), name+": "))
	}
	return b
}

// line returns the line about a file beside the archive.
func (b *besideFile) line(title string) string {
	if b == nil {
		return ""
	}
	about := ""
	switch {
	case b.Error != "":
		about = ", not used: " + b.Error
	case len(b.Codings) > 0:
		about = ", " + strings.Join(b.Codings, ", ")
	}
	return title + count.Of(uint64(b.Bytes), "byte", "bytes") + about + "\n"
}
