package spool

import (
	"context"
	"errors"
	"io"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/output"
	"github.com/tarpack/tpk/tarpack/internal/packer"
)

// ErrLonger: a content does not end after the size in its header.
var ErrLonger = errors.New("the content is longer than its size")

// Contents takes the contents of files from readers: small ones into memory, big ones into
// temporary files. At most bigWaiting big ones wait for the sequencer.
type Contents struct {
	p    *packer.Packer
	big  chan struct{}
	temp string
}

const bigWaiting = 4

// NewContents returns a Contents for the items of p. temp is what names of temporary files begin
// with.
func NewContents(p *packer.Packer, temp string) *Contents {
	return &Contents{p: p, big: make(chan struct{}, bigWaiting), temp: temp}
}

// Item returns the item of the file h with the given content, which it reads to its end. It returns
// io.EOF or io.ErrUnexpectedEOF if the content is shorter than h.Size, and ErrLonger if it is
// longer.
func (c *Contents) Item(
	ctx context.Context, h format.Header, content io.Reader,
) (*packer.Item, error) {
	if h.Size <= packer.InMemory {
		if err := c.p.Reserve(ctx, h.Size); err != nil {
			return nil, err
		}
		b := output.GetBuffer(int(h.Size) + 1)
		b.B = b.B[:h.Size]
		_, err := io.ReadFull(content, b.B)
		if err == nil {
			err = atEnd(content)
		}
		if err != nil {
			b.Release()
			c.p.Unreserve(h.Size)
			return nil, err
		}
		return packer.NewMemoryItem(h, b), nil
	}
	select {
	case c.big <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	done := func() { <-c.big }
	f, err := durable.UnlinkedTemp(c.temp, durable.ScratchContent)
	if err != nil {
		done()
		return nil, err
	}
	if err = output.CopyWithHoles(f, content, h.Size); err == nil {
		err = atEnd(content)
	}
	if err != nil {
		f.Close()
		done()
		return nil, err
	}
	return packer.NewTempItem(h, f, done), nil
}

// atEnd reads the end of a content, which some readers check a digest at.
func atEnd(content io.Reader) error {
	_, err := io.ReadFull(content, make([]byte, 1))
	switch err {
	case nil:
		return ErrLonger
	case io.EOF:
		return nil
	}
	return err
}
