package variants

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/tarpack/tpk/sidecar/variants"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/siblings"
)

// Errors of this package wrap one of these, or those of package sidecar/variants and format.
var (
	// ErrNone: there is no variants file.
	ErrNone = errors.New("there are no variants")
	// ErrDevice: an archive on a device has no files beside it.
	ErrDevice = errors.New("an archive on a device can't have variants")
	// ErrUnfinished: Build was stopped. The next one goes on where it was.
	ErrUnfinished = errors.New("the variants are not complete")
)

// Options are the options of Build.
type Options struct {
	// Settings are the codings and the level of brotli. If there are no codings, both are those of the
	// file that is there, which also keeps its variants in other codings. With Siblings there need not
	// be such a file: then nothing is encoded.
	Settings variants.Settings
	// Siblings, if set, has encodings that become variants, if they gain enough, instead of new ones.
	// They may be in other codings than those of Settings.
	Siblings *siblings.Set
	Workers  int // goroutines that encode; 0 means one for each CPU
	// DictionarySize is the most bytes of a dictionary, up to variants.MaxDictionary; 0 means
	// DefaultDictionarySize. An old dictionary is kept, whatever its size.
	DictionarySize int
	// Progress, if set, is called while contents are encoded, always from the same goroutine.
	Progress func(format.Progress)
}

func (o *Options) workers() int {
	if o.Workers > 0 {
		return o.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// Count is a number of contents, and their bytes.
type Count struct {
	Contents int64
	Gzip     int64 // bytes of the gzip members of these contents
	Bytes    int64 // bytes of them in the coding
}

// Result describes a variants file.
type Result struct {
	Name     string // of the file
	Settings variants.Settings
	Contents int64 // that were tried
	Reused   int64 // that were not encoded again
	Siblings int64 // variants that were taken from Options.Siblings
	Gzip     int64 // bytes of the gzip members of all contents that were tried
	Codings  [variants.NumCodings]Count
	// Dictionaries is their number, and DictionaryBytes how many bytes they have.
	Dictionaries    int
	DictionaryBytes int64
	Bytes           int64 // of the file
}

// Name returns the name of the variants file of an archive or a shard set. It is beside the archive
// to which symbolic links lead, or beside the list of the set.
func Name(archive string) (string, error) {
	list, isSet, err := tarpack.SetList(archive)
	if err != nil {
		return "", err
	}
	if isSet {
		archive = list
	}
	real, err := filepath.EvalSymlinks(archive)
	if errors.Is(err, fs.ErrNotExist) { // also the list of a set whose shards are read alone
		return archive + format.VariantsSuffix, nil
	}
	if err != nil {
		return "", err
	}
	fi, err := os.Stat(real)
	if err == nil && fi.Mode()&os.ModeDevice != 0 {
		err = fmt.Errorf("%s: %w", archive, ErrDevice)
	}
	return real + format.VariantsSuffix, err
}
