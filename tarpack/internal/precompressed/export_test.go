package precompressed

import (
	"io"
	"strings"

	"github.com/tarpack/tpk/sidecar/variants"
)

// IsSibling reports whether a file with this name ending has the content, without the file.
func IsSibling(d *variants.Decoder, ending, encoded, content string) bool {
	section := func(s string) *io.SectionReader {
		return io.NewSectionReader(strings.NewReader(s), 0, int64(len(s)))
	}
	if ending == ".gz" {
		return compareGzip(section(encoded), section(content)) == nil
	}
	_, err := compareVariant(d, codings[ending], section(encoded), section(content))
	return err == nil
}
