package table

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// Limits of a Table. What is beyond them is counted, not kept.
const (
	MaxRows    = 1000
	MaxColumns = 200
	MaxCells   = 50_000
	MaxCell    = 2000 // characters of a cell
)

// Table is the beginning of a text as a table.
type Table struct {
	Header  []string // nil if the first record is no header
	Rows    [][]string
	Numbers []bool // by column: all cells that are not empty are numbers
	// Records and Columns are how many the text has, without the header. Some may not be in Rows.
	Records, Columns int
	Narrow           bool // a row has more columns than Rows
	Ragged           int  // records with more or fewer fields than the first one
}

// Parse returns a text as a table. cut means that the text is the beginning of a longer one: then
// its last record is left out, since it may not be complete.
func Parse(text string, d Dialect, cut bool) *Table {
	if cut {
		if at := strings.LastIndexByte(text, '\n'); at > 0 {
			text = text[:at+1]
		}
	}
	t := &Table{}
	first, cells := 0, 0
	var last bool // the last record is in Rows
	whole := d.records(text, func(fields []string) bool {
		t.Records++
		t.Columns = max(t.Columns, len(fields))
		if first == 0 {
			first = len(fields)
		} else if len(fields) != first {
			t.Ragged++
		}
		last = len(t.Rows) < MaxRows+1 && cells+len(fields) <= MaxCells
		if last {
			row := clip(fields)
			cells += len(row)
			t.Rows = append(t.Rows, row)
		}
		return true
	})
	if !whole && cut && t.Records > 1 {
		t.Records--
		if last {
			t.Rows = t.Rows[:len(t.Rows)-1]
		}
	}
	t.Narrow = t.Columns > MaxColumns
	t.header()
	t.Rows = t.Rows[:min(len(t.Rows), MaxRows)]
	t.numbers()
	return t
}

// clip returns a copy of fields within the limits.
func clip(fields []string) []string {
	row := make([]string, min(len(fields), MaxColumns))
	for i := range row {
		row[i] = fields[i]
		if utf8.RuneCountInString(row[i]) > MaxCell {
			row[i] = string([]rune(row[i])[:MaxCell]) + "…"
		}
	}
	return row
}

// header takes the first record as header, unless one of its fields is empty or a number. An empty
// one at its left end is usual: it heads the numbers of rows.
func (t *Table) header() {
	if len(t.Rows) < 2 {
		return
	}
	for i, cell := range t.Rows[0] {
		if isNumber(cell) || strings.TrimSpace(cell) == "" && i > 0 {
			return
		}
	}
	t.Header, t.Rows = t.Rows[0], t.Rows[1:]
	t.Records--
}

// number matches numbers with a point or a comma, separators of thousands, an exponent, a currency
// or a percent sign.
var number = regexp.MustCompile(
	`^[-+−]?[$€£¥]?\s?(\d+|\d{1,3}([,.'  ]\d{3})+)?([.,]\d+)?([eE][-+]?\d+)?\s?[%€]?$`)

func isNumber(cell string) bool {
	cell = strings.TrimSpace(cell)
	return cell != "" && len(cell) < 64 && strings.ContainsAny(cell, "0123456789") &&
		number.MatchString(cell)
}

// numbers finds the columns of numbers.
func (t *Table) numbers() {
	t.Numbers = make([]bool, min(t.Columns, MaxColumns))
	texts := make([]bool, len(t.Numbers))
	for _, row := range t.Rows {
		for i, cell := range row {
			if texts[i] || strings.TrimSpace(cell) == "" {
				continue
			}
			t.Numbers[i] = isNumber(cell)
			texts[i] = !t.Numbers[i]
		}
	}
}
