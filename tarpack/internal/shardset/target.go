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
// the errors of CheckTarget.
func CreateArchive(name string) (*durable.Output, error) {
	if err := CheckTarget(name); err != nil {
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

// CheckSetName returns an error that wraps format.ErrSetName if there is a file with the name that a
// set is to be packed under. It would be read in place of the set.
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
