package archives

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/tarpack"
)

// heldShard is a shard that a View reads. It stays open until the View is released.
type heldShard struct {
	source, part int
	file         *os.File
	release      func()
}

// keptOpen is how many shards of a set are opened at once. They stay readable if the set is
// replaced.
const keptOpen = 512

// openShards opens the first shards of a set, so that each is compared with the set's list before
// it is needed. In larger sets the others are opened at their first use. After an error the archive
// is closed.
func (a *archive) openShards() error {
	for i := range min(a.tar.Shards(), keptOpen) {
		_, release, err := a.tar.OpenShard(i)
		if err != nil {
			return errors.Join(err, a.tar.Close())
		}
		release()
	}
	return nil
}

// locate finds where the member of a node is: in a shard of a set, or in the archive, where its end
// is fetched.
func (a *archive) locate(n *plan.Node) {
	if a.file == nil {
		n.Part, n.Offset = a.tar.Shard(n.Offset)
		return
	}
	a.expect(n)
}

// shard returns the open shard of a node, or nil and a notice if it can't be opened.
func (v *View) shard(n *plan.Node) *os.File {
	for i := range v.shards {
		if s := &v.shards[i]; s.source == n.Source && s.part == n.Part {
			return s.file
		}
	}
	f, release, err := v.set.sources[n.Source].tar.OpenShard(n.Part)
	if err != nil {
		v.library.notice(err.Error())
		return nil
	}
	v.shards = append(v.shards, heldShard{n.Source, n.Part, f, release})
	return f
}

// releaseShards gives up the shards that the View has read.
func (v *View) releaseShards() {
	for i := range v.shards {
		v.shards[i].release()
	}
	clear(v.shards)
	v.shards = v.shards[:0]
}

// title returns the name of an archive for people, without suffix.
func (a *archive) title() string {
	name := a.tar.Name()[strings.LastIndexByte(a.tar.Name(), '/')+1:]
	if a.file == nil {
		name = strings.TrimSuffix(name, tarpack.ListSuffix)
		if i := strings.LastIndex(name, "-of-"); i > 0 {
			name = name[:i]
		}
	}
	return strings.TrimSuffix(name, ".tar.gz")
}

// saveAs returns the name to save the archive under. That of a device gets a suffix.
func (a *archive) saveAs() string {
	if a.stamp.tar.Mode().IsRegular() {
		return filepath.Base(a.name)
	}
	return filepath.Base(a.name) + ".tar.gz"
}
