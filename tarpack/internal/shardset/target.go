package shardset

import (
	"fmt"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// CreateArchive is durable.Create for an archive that is not written as a shard. The errors are
// also those of CheckTarget.
func CreateArchive(name string) (*durable.Output, error) {
	if err := CheckTarget(name); err != nil {
		return nil, err
	}
	return durable.Create(name)
}

// CheckTarget returns an error that wraps format.ErrShardName if the archive that is to be written
// would replace one shard of a set that has a list. The set could not be read any more.
func CheckTarget(name string) error {
	if s, _, ok := format.ParseShardName(name); ok && exists(s.List()) {
		return fmt.Errorf("%s: %w, whose list is %s", name, format.ErrShardName, s.List())
	}
	return nil
}
