package input

import (
	"os"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/output"
)

// Given is a header that is known already.
type Given struct{ H format.Header }

// Header returns the header as it was given.
func (g *Given) Header() (format.Header, error) { return g.H, nil }

// A Memory is a file whose content is in memory.
type Memory struct {
	Given
	Bytes *output.Buffer
}

// Load implements Loader.
func (m *Memory) Load(c *Content) error {
	c.Bytes = m.Bytes
	return nil
}

// A Temp is a file whose content was written to a temporary file.
type Temp struct {
	Given
	Content *os.File
	Done    func() // called once the content is no longer needed
}

// Open implements Opener.
func (t *Temp) Open() (File, error) { return t.Content, nil }

// Unchanged implements Opener. Nobody else can write to the file.
func (t *Temp) Unchanged(File) error { return nil }

// Close gives up the temporary file, which the reader of the content may have closed before.
func (t *Temp) Close() error {
	err := t.Content.Close()
	t.Done()
	return err
}
