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
// trailer, as that was when the archive was opened. It does the same for each shard of a set.
// workers is the number of goroutines that decompress; 0 means one for each CPU. It needs a
// temporary file as large as the sidecar.
//
// The error wraps format.ErrCorrupt, ErrTruncated or ErrVersion if something is wrong. [Verify]
// opens an archive by its name, checks the sidecars, too, and finds more than the first problem.
func (a *Archive) Check(ctx context.Context, workers int) error {
	set := a.set()
	if set == nil {
		return a.checkPart(ctx, part{a.name, 0, a.src.Size(), a.trailer.Digest}, workers)
	}
	for off, i := int64(0), 0; i < set.Name.N; i++ {
		size := set.ShardSize(i)
		p := part{set.Name.Shard(i), off, size, set.ShardDigest(i)}
		if err := a.checkPart(ctx, p, workers); err != nil {
			return err
		}
		off += size
	}
	return nil
}

// part is the archive of a name in the source, size bytes from offset off. digest is that of its
// sidecar.
type part struct {
	name      string
	off, size int64
	digest    uint64
}

func (a *Archive) checkPart(ctx context.Context, p part, workers int) error {
	temp, err := durable.ScratchFile("")
	if err != nil {
		return err
	}
	defer temp.Close()
	src := io.NewSectionReader(a.src, p.off, p.size)
	built, err := scan.BuildIndex(ctx, src, p.size, temp, scan.Options{Workers: workers})
	if err == nil && built.Digest != p.digest {
		err = fmt.Errorf("%w: it is another archive than the one that was opened", format.ErrCorrupt)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	return nil
}
