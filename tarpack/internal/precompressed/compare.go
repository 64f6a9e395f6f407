package precompressed

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/variants"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/input"
	"github.com/tarpack/tpk/tarpack/internal/output"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// gzipCoding stands for gzip, which variants do not have: members of the archive are gzip.
const gzipCoding = variants.NumCodings

// maxGrowth is how many bytes a sibling may have more than its file.
const maxGrowth = 64 << 10

// An outcome is what the comparison of a pair has found.
type outcome struct {
	coding variants.Coding
	equal  bool
	sum    sidecar.Sum // of the content, if equal, unless the coding is gzip
	why    string      // the candidate is no sibling; "": the walk that packs will see
}

// errNotContent: the candidate is not one stream with the content, and nothing after it.
var errNotContent = errors.New("not the content")

// compare compares a candidate with its file.
func compare(d *variants.Decoder, p *pair) (o outcome) {
	o.coding = codings[path.Ext(p.candidate.Name)]
	size, length := p.file.Info.Size(), p.candidate.Info.Size()
	notContent := "not the content of " + format.Printable(p.file.Name)
	switch {
	case length > size+maxGrowth:
		o.why = notContent
		return o
	case size > variants.MaxContent && o.coding != gzipCoding:
		o.why = fmt.Sprintf("of a file over %d MiB", variants.MaxContent>>20)
		return o
	}
	err := open(&p.candidate, func(encoded *io.SectionReader) error {
		return open(&p.file, func(content *io.SectionReader) (err error) {
			if o.coding == gzipCoding {
				return compareGzip(encoded, content)
			}
			o.sum, err = compareVariant(d, o.coding, encoded, content)
			return err
		})
	})
	switch {
	case err == nil:
		o.equal = true
	case errors.Is(err, errNotContent):
		o.why = notContent
	}
	return o
}

// open calls read with the content of a file. The error wraps format.ErrChanged if the file is not
// as it was found, before or after that.
func open(e *tree.Entry, read func(*io.SectionReader) error) error {
	disk := &input.Disk{Entry: *e, Headers: &input.Headers{}}
	f, err := disk.Open()
	if err != nil {
		return err
	}
	defer f.Close()
	err = read(io.NewSectionReader(f, 0, e.Info.Size()))
	if changed := disk.Unchanged(f); changed != nil {
		return changed
	}
	return err
}

// compareGzip returns errNotContent unless encoded is one member of gzip (RFC 1952) with the
// content, and nothing after it.
func compareGzip(encoded, content io.Reader) error {
	in := bufio.NewReader(encoded)
	z, err := gzip.NewReader(in)
	if err != nil {
		return errNotContent
	}
	z.Multistream(false)
	same, err, contentErr := output.SameBytes(z, content)
	if contentErr != nil {
		return contentErr
	}
	// A member that is cut off also ends for SameBytes. Its error stays.
	_, memberEnd := z.Read(make([]byte, 1))
	_, end := in.ReadByte()
	if err != nil || !same || memberEnd != io.EOF || end != io.EOF {
		return errNotContent
	}
	return nil
}

// compareVariant returns the SHA-256 of the content, or errNotContent unless encoded is a variant
// of it (FORMAT.md 7).
func compareVariant(
	d *variants.Decoder, c variants.Coding, encoded, content *io.SectionReader,
) (sum sidecar.Sum, err error) {
	b, err := io.ReadAll(encoded)
	if err != nil {
		return sum, err
	}
	decoded, err := d.Decode(nil, variants.Variant{Coding: c}, b, content.Size())
	if err != nil {
		return sum, errNotContent
	}
	same, _, err := output.SameBytes(bytes.NewReader(decoded), content)
	if err == nil && !same {
		err = errNotContent
	}
	return sha256.Sum256(decoded), err
}
