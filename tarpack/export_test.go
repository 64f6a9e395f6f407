package tarpack

import (
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
)

// What the tests of this package look at from outside.
var (
	ErrLoop    = errLoop
	NewLocator = newLocator
)

func NewArchive(x *indexed.File) *Archive { return &Archive{x: x} }

func Indexed(a *Archive) *indexed.File { return a.x }

func Set(a *Archive) *shardset.File { return a.set }
