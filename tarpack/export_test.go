package tarpack

import (
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
)

// NewArchive returns the Archive of an open file.
func NewArchive(x *indexed.File) (*Archive, error) { return newArchive(x) }

// Set returns the open shards of a set.
func Set(a *Archive) *shardset.File { return a.src.(*shardset.File) }

// OpenWorkers, ReindexWorkers, EmbedWorkers and VerifyWorkers return the workers that a scan gets
// from the options.
func OpenWorkers(n int) int { return (&OpenOptions{Workers: n}).indexed().Workers }

func ReindexWorkers(n int) int { return (&ReindexOptions{Workers: n}).scan().Workers }

func EmbedWorkers(n int) int { return (&EmbedOptions{Workers: n}).scan().Workers }

func VerifyWorkers(n int) int { return (&VerifyOptions{Workers: n}).scan().Workers }
