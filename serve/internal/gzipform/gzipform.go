// Package gzipform finds out whether a content that begins like gzip is gzip to its end. [Of] reads
// it, and a [Cache] remembers the results.
package gzipform

import (
	"bufio"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"

	"github.com/tarpack/tpk/serve/internal/plan"
)

// maxInflated is how many bytes a content may be when inflated. gzip records lengths modulo this
// (RFC 1952 §2.3.1). It also bounds the work for a content that was made to be long.
const maxInflated = 1 << 32

// Of returns the form of a content, which it reads to its end. Other bytes behind the last member,
// zeros included, make it plan.NoGzip: they are no part of the coding (RFC 9110 §8.4.1.3). So does
// more than 4 GiB of inflated content; then it does not read the rest. The error is that of
// content.
func Of(content io.Reader) (plan.GzipForm, error) {
	in := &input{r: content}
	form := inflate(in, maxInflated)
	if in.err != nil && !errors.Is(in.err, io.EOF) {
		return plan.NoGzip, in.err
	}
	return form, nil
}

// inflate is Of with a limit of its own and without errors.
func inflate(in *input, most int64) plan.GzipForm {
	b := bufio.NewReader(in)
	z, err := gzip.NewReader(b)
	form := plan.OneMember
	for ; err == nil; form = plan.Members {
		z.Multistream(false)
		var n int64
		if n, err = io.CopyN(io.Discard, z, most+1); !errors.Is(err, io.EOF) {
			break
		}
		most -= n
		if _, err = b.Peek(1); errors.Is(err, io.EOF) {
			return form
		}
		err = z.Reset(b)
	}
	if err != nil { // the content may be damaged, and its reader reports that at its end
		_, _ = io.Copy(io.Discard, b)
	}
	return plan.NoGzip
}

// input remembers the error of a reader: that of a gzip reader may stand for it, or for content
// that is not gzip.
type input struct {
	r   io.Reader
	err error
}

func (in *input) Read(p []byte) (n int, err error) {
	n, err = in.r.Read(p)
	in.err = err
	return n, err
}
