package convert

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tarpack/tpk/internal/edition"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/compressed"
)

// ErrNotConvertible: the input is damaged, or in a format that Convert does not read. Then the
// error also wraps the format.Foreign that it seems to be.
var ErrNotConvertible = errors.New("not a tar, zip, or compressed tar that can be read")

// Reasons of an ErrNotConvertible: the input is in a format that Convert reads.
var (
	ErrInputTruncated error = inputError("the file is truncated")
	ErrInputDamaged   error = inputError("the file is damaged")
)

// ErrEntryDamaged is the reason of a problem with an entry of a zip: its compressed data can't be
// read, or the content is not as long as the zip says, or its CRC-32 differs.
var ErrEntryDamaged = errors.New("its content is damaged")

// ErrHeaderDamaged: a header of a tar has a wrong checksum, or a number that can't be read.
var ErrHeaderDamaged = errors.New("the tar has a damaged header")

// ErrPartTruncated: the input goes on with a tpk archive that has no end.
var ErrPartTruncated = errors.New("another archive begins")

type inputError string

func (e inputError) Error() string        { return string(e) }
func (e inputError) Is(target error) bool { return target == ErrNotConvertible }

// errNoDirectory: the end of a zip is missing.
var errNoDirectory = fmt.Errorf("%w: the directory at the end of the zip is missing",
	ErrInputTruncated)

// damaged returns an error of reading the input as an ErrNotConvertible, unless it comes from the
// context or the system, is about a tpk archive in it, or is an edition.MissingError.
func damaged(err error) error {
	var pe *os.PathError
	var missing edition.MissingError
	if err == nil || errors.As(err, &pe) || errors.As(err, &missing) ||
		errors.Is(err, context.Canceled) {
		return err
	}
	for _, known := range []error{ErrNotConvertible, format.ErrTruncated, format.ErrVersion} {
		if errors.Is(err, known) {
			return err
		}
	}
	switch {
	case errors.Is(err, errNoTar):
		return fmt.Errorf("%w: %w", ErrNotConvertible, err)
	case err == io.ErrUnexpectedEOF:
		return fmt.Errorf("%w: it ends too early", ErrInputTruncated)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, compressed.ErrCutOff):
		return fmt.Errorf("%w: %w", ErrInputTruncated, err)
	}
	return fmt.Errorf("%w: %w", ErrInputDamaged, err)
}
