package encoded

import (
	"fmt"

	"github.com/tarpack/tpk/sidecar/variants"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
)

// Within returns the Source of the variants that an archive has beside it in a container. They are
// looked at once: the container is not opened again.
func Within(c tarpack.Container, of variants.Archive, notice func(string)) *Source {
	s := &Source{Archive: of, Notice: notice}
	offset, size, ok := c.Beside(format.VariantsSuffix)
	if !ok {
		return s
	}
	name := c.ArchiveName() + format.VariantsSuffix
	f, err := openWithin(c, name, offset, size, s)
	if err != nil {
		notice(fmt.Sprintf("%s: %v: it is not used", name, err))
		return s
	}
	s.use(f)
	return s
}

func openWithin(c tarpack.Container, name string, offset, size int64, s *Source) (*File, error) {
	f, err := c.Reopen()
	if err != nil {
		return nil, err
	}
	x, err := variants.OpenPart(f, offset, size, s.Archive)
	if err != nil {
		return nil, err
	}
	return newFile(name, x, s.Archive, s.Notice)
}
