package shardset

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// CreateArchive is durable.Create for an archive that is not written as a shard. It also returns
// the errors of CheckTarget and CheckHides.
func CreateArchive(name string) (*durable.Output, error) {
	if err := CheckTarget(name); err != nil {
		return nil, err
	}
	if err := CheckHides(name); err != nil {
		return nil, err
	}
	return durable.Create(name)
}

// CheckTarget returns an error that wraps format.ErrShardName if the file that is to be written
// would replace a shard, the list or an index of a set that has a list. The set could not be read
// any more.
func CheckTarget(name string) error {
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real // what is replaced
	}
	s, ok := setOf(strings.TrimSuffix(name, format.SidecarSuffix))
	if ok && exists(s.List()) {
		return fmt.Errorf("%s: %w, whose list is %s", name, format.ErrShardName, s.List())
	}
	return nil
}

// CheckHides returns an error that wraps format.ErrHidesSet if the archive that is to be written is
// new, and there is a set with a list that was packed under its name. The name would not stand for
// the set any more.
func CheckHides(name string) error {
	if exists(name) {
		return nil
	}
	s, ok, err := packedAs(name)
	if err != nil || !ok || !exists(s.List()) {
		return nil // if the name fits several sets, it stands for none of them
	}
	return fmt.Errorf("%s: %w, whose list is %s", name, format.ErrHidesSet, s.List())
}

// LockSet locks the set of the shard name, if it is the name of one, so that no edit of the set
// replaces the shard. The caller calls unlock. The errors are those of Create.
func LockSet(name string) (unlock func() error, err error) {
	set, _, ok := format.ParseShardName(name)
	if !ok {
		return func() error { return nil }, nil
	}
	o, err := Create(set.Archive())
	if err != nil {
		return nil, err
	}
	return o.Unlock, nil
}

// SameSet reports whether two names are of one set, which may be in directories that are spelt
// differently.
func SameSet(a, b format.SetName) bool {
	if a.N != b.N || filepath.Base(a.Archive()) != filepath.Base(b.Archive()) {
		return false
	}
	x, err1 := os.Stat(filepath.Dir(a.Stem))
	y, err2 := os.Stat(filepath.Dir(b.Stem))
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}

// CheckSetName returns an error that wraps format.ErrSetName if there is a file with the name that
// a set is to be packed under. It would be read in place of the set.
func CheckSetName(name string) error {
	if exists(name) {
		return fmt.Errorf("%s: %w", name, format.ErrSetName)
	}
	return nil
}

// OtherSet returns an error that wraps format.ErrTwoSets if the set has the same name as another
// one, with another number of shards. Then the name that they were packed under stands for neither.
func OtherSet(s format.SetName) error {
	entries, err := os.ReadDir(filepath.Dir(s.Stem))
	if err != nil {
		return nil // the set was just written, and only this advice is lost
	}
	for _, e := range entries {
		one, ok := format.ParseListName(filepath.Join(filepath.Dir(s.Stem), e.Name()))
		if ok && one.N != s.N && samePackedName(one, s) {
			return fmt.Errorf("%s: %w, and its name stands for neither: %s", s.Archive(),
				format.ErrTwoSets, filepath.Base(one.List()))
		}
	}
	return nil
}
