package source

import (
	"context"
	"io"
)

// Of returns size bytes of r as a Source: an archive in memory, in an embed.FS, or inside another
// file. r must not change, must be safe for concurrent use, and must not block for long.
func Of(r io.ReaderAt, size int64) Source { return readerAt{io.NewSectionReader(r, 0, size)} }

type readerAt struct{ *io.SectionReader }

func (readerAt) Identity() string { return "" }

func (readerAt) Check() error { return nil }

func (s readerAt) ReadNow(p []byte, off int64) bool {
	n, _ := s.ReadAt(p, off)
	return n == len(p)
}

func (readerAt) Fetch(context.Context, int64, int64) error { return nil }

func (readerAt) Map() ([]byte, func() error) { return nil, nil }

func (readerAt) Piece(int64, int64) (Piece, bool, error) { return Piece{}, false, nil }

func (readerAt) Close() error { return nil }
