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

	maxOutputs    = 1000 // of a cell
	maxAllOutputs = 5000 // of a notebook
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
	Cells list `json:"cells"`

	Worksheets list `json:"worksheets"` // of sheet
}

type sheet struct {
	Cells list `json:"cells"`
}

type cell struct {
	Kind    string          `json:"cell_type"`
	Source  text            `json:"source"`
	Count   json.RawMessage `json:"execution_count"`
	Outputs list            `json:"outputs"`

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
	if f.Major < 3 || f.Major > 4 {
		return nil, ErrNotNotebook
	}
	r := &reader{outputs: maxAllOutputs}
	r.Language = string(f.Metadata.Language.Name)
	if r.Language == "" {
		r.Language = string(f.Metadata.Kernel.Language)
	}
	err := r.cells(f.Cells)
	for _, raw := range f.Worksheets.first {
		var s sheet
		err = errors.Join(err, json.Unmarshal(raw, &s), r.cells(s.Cells))
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotNotebook, err)
	}
	return &r.Notebook, nil
}

// reader makes a Notebook.
type reader struct {
	Notebook
	outputs int // how many more there may be
}

// cells adds cells to the notebook, as far as it may have more.
func (r *reader) cells(l list) error {
	r.More += l.more
	for _, raw := range l.first {
		if len(r.Cells) == MaxCells {
			r.More++
			continue
		}
		var c cell
		if err := json.Unmarshal(raw, &c); err != nil {
			return err
		}
		if r.Language == "" {
			r.Language = string(c.Language)
		}
		out, err := r.cell(&c)
		if err != nil {
			return err
		}
		r.Cells = append(r.Cells, out)
	}
	return nil
}

func (r *reader) cell(c *cell) (Cell, error) {
	out := Cell{Kind: CellKind(c.Kind), Count: count(c.Count)}
	source := string(c.Source)
	switch c.Kind {
	case "code":
		source += string(c.Input)
		if out.Count == "" {
			out.Count = count(c.Prompt)
		}
		if err := r.addOutputs(&out, c.Outputs); err != nil {
			return Cell{}, err
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
	return out, nil
}

// addOutputs adds outputs to a cell, as far as it and the notebook may have more.
func (r *reader) addOutputs(to *Cell, l list) error {
	n := min(len(l.first), maxOutputs, r.outputs)
	r.outputs -= n
	to.Cut = l.more > 0 || n < len(l.first)
	for _, raw := range l.first[:n] {
		var o output
		if err := json.Unmarshal(raw, &o); err != nil {
			return err
		}
		out, cut := o.read()
		to.Cut = to.Cut || cut
		if out.Kind != "" {
			to.Outputs = append(to.Outputs, out)
		}
	}
	return nil
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
