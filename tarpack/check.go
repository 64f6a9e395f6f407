package tarpack

import (
	"context"
	"fmt"
	"io"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/scan"
)

// Check reads the archive that is open from end to end, and checks each tar header and member
// against FORMAT.md. It builds the index again, and compares its digest with the one in the
// trailer, as that was when the archive was opened. For each shard of a set, it is the trailer as it
// is now. workers is the number of goroutines that decompress; 0 means one for each CPU. It needs a
// temporary file as large as the sidecar.
//
// The error wraps format.ErrCorrupt, ErrTruncated or ErrVersion if something is wrong. [Verify]
// opens an archive by its name, checks the sidecars, too, and finds more than the first problem.
func (a *Archive) Check(ctx context.Context, workers int) error {
	set := a.set()
	if set == nil {
		return a.checkPart(ctx, a.name, 0, a.src.Size(), workers)
	}
	for off, i := int64(0), 0; i < set.Name.N; i++ {
		size := set.ShardSize(i)
		if err := a.checkPart(ctx, set.Name.Shard(i), off, size, workers); err != nil {
			return err
		}
		off += size
	}
	return nil
}

// checkPart checks the archive name, which is n bytes of the source from offset off.
func (a *Archive) checkPart(ctx context.Context, name string, off, n int64, workers int) error {
	temp, err := durable.ScratchFile("")
	if err != nil {
		return err
	}
	defer temp.Close()
	src := io.NewSectionReader(a.src, off, n)
	built, err := scan.BuildIndex(ctx, src, n, temp, scan.Options{Workers: workers})
	if err == nil && a.set() == nil && built.Digest != a.trailer.Digest {
		err = fmt.Errorf("%w: it is another archive than the one that was opened", format.ErrCorrupt)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
