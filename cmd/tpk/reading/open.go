package reading

import (
	"cmp"
	"errors"
	"io"
	"math"
	"slices"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/cache"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/source"
)

// Open opens an archive or a shard set. If it has no usable index, one is built in memory, with a
// message. A tar or zip of another program is converted into the cache, with a message, unless
// --no-convert is set. With --public-key the archive must be signed. An index is not used if one of
// its sections does not fit its hash; a large index is not compared.
//
// The name may be the URL of an archive on a server, if the command has the flags of flags.Remote.
func Open(c *cli.Context, name string) (*cache.Archive, error) {
	return open(c, name, cache.Options{CheckIndex: maxQuickCheck})
}

// OpenForAll is [Open] for a command that reads the index from its beginning to its end. It checks
// an index of any size first.
func OpenForAll(c *cli.Context, name string) (*cache.Archive, error) {
	return open(c, name, cache.Options{CheckIndex: math.MaxInt64})
}

// OpenLong is [Open] for a command that keeps the archive open for a long time, in little memory.
// An index that has to be built is kept in the cache.
func OpenLong(c *cli.Context, name string) (*cache.Archive, error) {
	return open(c, name, cache.Options{CheckIndex: maxSmallCheck, KeepIndex: true})
}

// maxSmallCheck is the size of the largest index that is compared with its hashes for OpenLong:
// what is compared counts as memory of the process.
const maxSmallCheck = 8 << 20

// maxQuickCheck is the size of the largest index that is compared with its hashes for any command.
// That takes 10 to 20 ms if it is in memory.
const maxQuickCheck = 64 << 20

// open opens an archive with the options of a command, and those of the command line.
func open(c *cli.Context, name string, o cache.Options) (*cache.Archive, error) {
	ro, err := flags.ReadRemote(c)
	if err != nil {
		return nil, err
	}
	onServer, err := IsRemote(c, name)
	if err != nil {
		return nil, err
	}
	trust, err := flags.ReadTrust(c)
	if err != nil {
		return nil, err
	}
	if trust != nil {
		o.CheckIndex = 0 // what is read of it is compared with what was signed
	}
	m := terminal.NewMeter(c, "reading")
	defer m.Stop()
	if onServer {
		return openRemote(c, m, name, ro, trust)
	}
	store := &cache.Cache{Dir: cmp.Or(ro.CacheDir, CacheDir()), Limit: ro.CacheSize}
	o.Notice = func(err error) {
		if p := (*format.Problem)(nil); errors.As(err, &p) { // hints are about archives
			m.Print(report.LineWithoutHint(err))
			return
		}
		m.Notice(err)
	}
	o.NoConvert, o.Progress, o.Trust = c.Bool(flags.NoConvertName), m.Update, trust
	a, err := store.Open(c.Context, name, o)
	if o.KeepIndex && errors.Is(err, format.ErrTruncated) {
		o.KeepIndex = false // an index in memory is built also if other bytes follow the archive
		return store.Open(c.Context, name, o)
	}
	return a, err
}

// Close closes an archive at the end of a command that returns err. If the archive was changed
// while the command read it, that becomes the error. It explains damage that was met. Without an
// error it matters only for an index in the archive, which may have been read where it was cut off.
func Close(a *cache.Archive, err *error) {
	defer a.Close() // opened for reading only: errors lose nothing
	var changed error
	switch {
	case *err == nil && a.IndexEmbedded():
		changed = a.CheckUnchanged()
	case *err != nil && remote.IsURL(a.Name()):
		if !errors.Is(*err, format.ErrShard) { // that is more than a change
			changed = *err
		}
		*err = HintRemote(bare(a.Name(), *err))
	case *err != nil && mayComeOfChange(*err):
		changed = a.Source().Check()
	}
	if errors.Is(changed, source.ErrChanged) {
		*err = report.WithHint(report.In(a.Name(), source.ErrChanged), report.HintChanged)
	}
}

// mayComeOfChange reports whether err may be that of an archive that has changed while it was read.
func mayComeOfChange(err error) bool {
	return slices.ContainsFunc([]error{
		format.ErrCorrupt, format.ErrTruncated, sidecar.ErrCorrupt, gzmember.ErrCorrupt,
		gzmember.ErrTruncated, io.EOF, io.ErrUnexpectedEOF, report.ErrReported,
	}, func(kind error) bool { return errors.Is(err, kind) })
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
