package browse

import (
	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/archives/changes"
	"github.com/tarpack/tpk/serve/internal/archives/recent"
	"github.com/tarpack/tpk/serve/internal/overview"
)

// View is one request's view of what is served, as pages show it.
type View struct {
	*archives.View
	memory *Memory
}

// Memory remembers what takes long to make, for all requests.
type Memory struct {
	comparisons *recent.Cache[compareKey, *changes.Changes]
	overviews   *recent.Cache[overviewKey, *overview.Overview]
	abouts      abouts
}

// NewMemory returns a Memory with nothing in it.
func NewMemory() *Memory {
	return &Memory{comparisons: changes.NewCache[compareKey](), overviews: newOverviews()}
}

// View returns the view of a request. It may be used as long as v.
func (m *Memory) View(v *archives.View) *View { return &View{v, m} }
