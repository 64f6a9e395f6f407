package notebook

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Limits of a notebook.
const (
	MaxSize  = 8 << 20 // bytes
	MaxCells = 2000
	maxText  = 100_000 // bytes of a source or an output
)

// Notebook is what a page shows of one.
type Notebook struct {
	Language string // of its code, as "python"; "" if unknown
	Cells    []Cell
	More     int // cells beyond the limit
}

// CellKind is what the source of a cell is.
type CellKind string

// The kinds of cells, which are also the classes of elements.
const (
	Markdown CellKind = "markdown"
	Code     CellKind = "code"
	Raw      CellKind = "raw"
)

// Cell is a cell.
type Cell struct {
	Kind    CellKind
	Source  string
	Count   string // of execution, "" if the cell has not run
	Outputs []Output
	Cut     bool // Source or an output is longer than it is here
}

// ErrNotNotebook is the error for JSON that is no notebook.
var ErrNotNotebook = errors.New("no notebook of nbformat 3 or 4")

// text is a string, or a list of strings to be joined.
type text string

// UnmarshalJSON implements json.Unmarshaler. Other values become "".
func (t *text) UnmarshalJSON(b []byte) error {
	var one string
	var list []string
	switch {
	case json.Unmarshal(b, &one) == nil:
		*t = text(one)
	case json.Unmarshal(b, &list) == nil:
		*t = text(strings.Join(list, ""))
	}
	return nil
}

// file is a notebook as JSON. The fields of nbformat 3 that 4 has no more come second.
type file struct {
	Major    int `json:"nbformat"`
	Metadata struct {
		Language struct {
			Name text `json:"name"`
		} `json:"language_info"`
		Kernel struct {
			Language text `json:"language"`
		} `json:"kernelspec"`
	} `json:"metadata"`
	Cells []cell `json:"cells"`

	Worksheets []struct {
		Cells []cell `json:"cells"`
	} `json:"worksheets"`
}

type cell struct {
	Kind    string          `json:"cell_type"`
	Source  text            `json:"source"`
	Count   json.RawMessage `json:"execution_count"`
	Outputs []output        `json:"outputs"`

	Input    text            `json:"input"`
	Prompt   json.RawMessage `json:"prompt_number"`
	Level    int             `json:"level"`
	Language text            `json:"language"`
}

// Parse returns a notebook.
func Parse(b []byte) (*Notebook, error) {
	var f file
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotNotebook, err)
	}
	cells := f.Cells
	for _, sheet := range f.Worksheets {
		cells = append(cells, sheet.Cells...)
	}
	if f.Major < 3 || f.Major > 4 {
		return nil, ErrNotNotebook
	}
	n := &Notebook{Language: string(f.Metadata.Language.Name)}
	if n.Language == "" {
		n.Language = string(f.Metadata.Kernel.Language)
	}
	for i := range cells {
		if i == MaxCells {
			n.More = len(cells) - MaxCells
			break
		}
		if n.Language == "" {
			n.Language = string(cells[i].Language)
		}
		n.Cells = append(n.Cells, cells[i].read())
	}
	return n, nil
}

func (c *cell) read() Cell {
	out := Cell{Kind: CellKind(c.Kind), Count: count(c.Count)}
	source := string(c.Source)
	switch c.Kind {
	case "code":
		source += string(c.Input)
		if out.Count == "" {
			out.Count = count(c.Prompt)
		}
		for i := range c.Outputs {
			o, cut := c.Outputs[i].read()
			out.Cut = out.Cut || cut
			if o.Kind != "" {
				out.Outputs = append(out.Outputs, o)
			}
		}
	case "markdown":
	case "heading":
		out.Kind = Markdown
		source = strings.Repeat("#", min(max(c.Level, 1), 6)) + " " +
			strings.ReplaceAll(source, "\n", " ")
	default:
		out.Kind = Raw
	}
	var cut bool
	out.Source, cut = clip(source)
	out.Cut = out.Cut || cut
	return out
}

// count returns a number of JSON, or "".
func count(b json.RawMessage) string {
	var n json.Number
	if json.Unmarshal(b, &n) != nil {
		return ""
	}
	return n.String()
}

// clip returns a text within the limit, cut at the end of a line.
func clip(s string) (string, bool) {
	if len(s) <= maxText {
		return s, false
	}
	s = s[:maxText]
	if at := strings.LastIndexByte(s, '\n'); at > maxText/2 {
		s = s[:at+1]
	}
	return strings.ToValidUTF8(s, ""), true
}
