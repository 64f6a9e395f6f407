package reading

import (
	"errors"
	"math"

	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/cache"
	"github.com/tarpack/tpk/tarpack/format"
)

// Open opens an archive or a shard set. If it has no usable index, one is built in memory, with a
// message. A tar or zip of another program is converted into the cache, with a message, unless
// --no-convert is set. With --public-key the archive must be signed. An index of which a section
// does not fit its hash is not used, unless it is too large to be read as a whole.
func Open(c *cli.Context, name string) (*cache.Archive, error) {
	return open(c, name, maxQuickCheck)
}

// OpenForAll is [Open] for a command that reads the index from its beginning to its end. It checks
// an index of any size first.
func OpenForAll(c *cli.Context, name string) (*cache.Archive, error) {
	return open(c, name, math.MaxInt64)
}

// maxQuickCheck is the size of the largest index that is compared with its hashes for any command.
// That takes 10 to 20 ms if it is in memory.
const maxQuickCheck = 64 << 20

func open(c *cli.Context, name string, checkIndex int64) (*cache.Archive, error) {
	trust, err := flags.ReadTrust(c)
	if err != nil {
		return nil, err
	}
	if trust != nil {
		checkIndex = 0 // what is read of it is compared with what was signed
	}
	m := terminal.NewMeter(c, "reading")
	defer m.Stop()
	store := &cache.Cache{Dir: CacheDir()}
	notice := func(err error) {
		if p := (*format.Problem)(nil); errors.As(err, &p) { // hints are about archives
			m.Print(report.LineWithoutHint(err))
			return
		}
		m.Notice(err)
	}
	return store.Open(c.Context, name, cache.Options{
		NoConvert: c.Bool(flags.NoConvertName), Notice: notice, Progress: m.Update, Trust: trust,
		CheckIndex: checkIndex})
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
