package reading

import (
	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
)

// Open opens an archive or a shard set. If it has no usable index, one is built in memory, with a
// message.
func Open(c *cli.Context, name string) (*tarpack.Archive, error) {
	m := terminal.NewMeter(c, "indexing")
	defer m.Stop()
	o := &tarpack.OpenOptions{Notice: m.Notice, Progress: m.Update}
	return tarpack.Open(c.Context, name, o)
}

// Contents returns how much there is in an archive, for the progress of a command that reads all
// of it.
func Contents(a *tarpack.Archive) format.Progress {
	st := a.Index().Stats()
	return format.Progress{
		Entries: int64(a.Index().Len()),
		Bytes:   int64(st.FileBytes + st.LinkBytes),
	}
}
