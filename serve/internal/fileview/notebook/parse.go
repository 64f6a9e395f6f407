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
	Odd      CellKind = "odd" // malformed: Source is its JSON
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
	Major    json.RawMessage `json:"nbformat"`
	Metadata json.RawMessage `json:"metadata"`
	Cells    list            `json:"cells"`

	Worksheets list `json:"worksheets"` // of sheet
}

type metadata struct {
	Language struct {
		Name text `json:"name"`
	} `json:"language_info"`
	Kernel struct {
		Language text `json:"language"`
	} `json:"kernelspec"`
}

type sheet struct {
	Cells list `json:"cells"`
}

// cell is a cell as JSON. A field of another type is as good as none, except for Outputs.
type cell struct {
	Kind    text            `json:"cell_type"`
	Source  text            `json:"source"`
	Count   json.RawMessage `json:"execution_count"`
	Outputs json.RawMessage `json:"outputs"` // a list

	Input    text            `json:"input"`
	Prompt   json.RawMessage `json:"prompt_number"`
	Level    json.RawMessage `json:"level"`
	Language text            `json:"language"`
}

// Parse returns a notebook. A cell or an output that is malformed is Odd. The error wraps that of
// package json if b is not JSON.
func Parse(b []byte) (*Notebook, error) {
	var f file
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotNotebook, err)
	}
	if major := number(f.Major); major < 3 || major > 4 {
		return nil, ErrNotNotebook
	}
	r := &reader{outputs: maxAllOutputs}
	var m metadata
	_ = json.Unmarshal(f.Metadata, &m) // what it has of the language is enough
	r.Language = string(m.Language.Name)
	if r.Language == "" {
		r.Language = string(m.Kernel.Language)
	}
	r.cells(f.Cells)
	r.More += f.Worksheets.more
	for _, raw := range f.Worksheets.first {
		var s sheet
		if json.Unmarshal(raw, &s) != nil {
			r.add(oddCell(raw))
		}
		r.cells(s.Cells)
	}
	return &r.Notebook, nil
}

// reader makes a Notebook.
type reader struct {
	Notebook
	outputs int // how many more there may be
}

// cells adds cells to the notebook.
func (r *reader) cells(l list) {
	r.More += l.more
	for _, raw := range l.first {
		if len(r.Cells) == MaxCells {
			r.More++
			continue
		}
		var c cell
		if json.Unmarshal(raw, &c) != nil || raw[0] != '{' {
			r.add(oddCell(raw))
			continue
		}
		if r.Language == "" {
			r.Language = string(c.Language)
		}
		r.add(r.cell(&c))
	}
}

// add adds a cell to the notebook, as far as that may have more.
func (r *reader) add(c Cell) {
	if len(r.Cells) == MaxCells {
		r.More++
		return
	}
	r.Cells = append(r.Cells, c)
}

func oddCell(raw json.RawMessage) Cell {
	source, cut := clip(string(raw))
	return Cell{Kind: Odd, Source: source, Cut: cut}
}

func (r *reader) cell(c *cell) Cell {
	out := Cell{Kind: CellKind(c.Kind), Count: count(c.Count)}
	source := string(c.Source)
	switch c.Kind {
	case "code":
		source += string(c.Input)
		if out.Count == "" {
			out.Count = count(c.Prompt)
		}
		r.addOutputs(&out, c.Outputs)
	case "markdown":
	case "heading":
		out.Kind = Markdown
		source = strings.Repeat("#", min(max(number(c.Level), 1), 6)) + " " +
			strings.ReplaceAll(source, "\n", " ")
	default:
		out.Kind = Raw
	}
	var cut bool
	out.Source, cut = clip(source)
	out.Cut = out.Cut || cut
	return out
}

// addOutputs adds outputs to a cell, as far as it and the notebook may have more.
func (r *reader) addOutputs(to *Cell, raw json.RawMessage) {
	var l list
	if len(raw) > 0 && json.Unmarshal(raw, &l) != nil {
		l.first = []json.RawMessage{raw}
	}
	n := min(len(l.first), maxOutputs, r.outputs)
	r.outputs -= n
	to.Cut = l.more > 0 || n < len(l.first)
	for _, raw := range l.first[:n] {
		var o output
		out, cut := Output{}, false
		if json.Unmarshal(raw, &o) == nil && raw[0] == '{' {
			out, cut = o.read()
		} else {
			out.Kind = OddOutput
			out.Source, cut = clip(string(raw))
		}
		to.Cut = to.Cut || cut
		if out.Kind != "" {
			to.Outputs = append(to.Outputs, out)
		}
	}
}

// number returns a number of JSON, without its fraction. It is 0 for other values.
func number(b json.RawMessage) int {
	var n float64
	_ = json.Unmarshal(b, &n)
	return int(min(max(n, 0), 100)) // no number here is larger
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
