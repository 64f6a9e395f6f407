package table

import (
	"encoding/csv"
	"reflect"
	"strings"
	"testing"
)

func TestDetect(t *testing.T) {
	for _, c := range []struct {
		name, text string
		tabs       bool
		want       Dialect
	}{
		{"commas", "a,b\n1,2\n", false, Dialect{',', '"'}},
		{"semicolons, decimal commas", "a;b\n1,5;2,5\n3,5;4,5\n", false, Dialect{';', '"'}},
		{"semicolons, commas in one row", "a;b\n1,5;2\n3;4\n", false, Dialect{';', '"'}},
		{"tabs", "a\tb\n1\t2\n", false, Dialect{'\t', '"'}},
		{"tabs by name", "a,x\tb\n1,y\t2\n", true, Dialect{'\t', '"'}},
		{"bars", "a|b|c\n1|2|3\n", false, Dialect{'|', '"'}},
		{"quoted separators", "a,b\n\"1;2;3\",\"x\"\n\"4;5;6\",y\n", false, Dialect{',', '"'}},
		{"single quotes", "'a','b'\n'1,2','3'\n", false, Dialect{',', '\''}},
		{"inches are no quotes", "size\tname\n5\"\tx\n\"6\ty\n7\tz\n", true, Dialect{'\t', 0}},
		{"apostrophes", "a,b\nit's,don't\n'tis,x\n", false, Dialect{',', '"'}},
		{"one column", "a\nb\n", false, Dialect{',', '"'}},
		{"empty", "", true, Dialect{'\t', '"'}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Detect(c.text, c.tabs); got != c.want {
				t.Errorf("%c %q, want %c %q", got.Comma, got.Quote, c.want.Comma, c.want.Quote)
			}
		})
	}
}

func TestRecords(t *testing.T) {
	for _, c := range []struct {
		text  string
		want  [][]string
		whole bool
	}{
		{"a,b\r\nc,d", [][]string{{"a", "b"}, {"c", "d"}}, true},
		{"a,b\rc,d\r", [][]string{{"a", "b"}, {"c", "d"}}, true},
		{"\n\na,\n\n", [][]string{{"a", ""}}, true},
		{"a,", [][]string{{"a", ""}}, true},
		{`"a ""x"" b",c`, [][]string{{`a "x" b`, "c"}}, true},
		{"\"a\nb\",c\n", [][]string{{"a\nb", "c"}}, true},
		{`"a"b,c`, [][]string{{"ab", "c"}}, true},
		{`a"b,c`, [][]string{{`a"b`, "c"}}, true},
		{"a,b\n\"c,d\n", [][]string{{"a", "b"}, {"c,d\n"}}, false},
	} {
		var got [][]string
		whole := Dialect{',', '"'}.records(c.text, func(fields []string) bool {
			got = append(got, append([]string{}, fields...))
			return true
		})
		if !reflect.DeepEqual(got, c.want) || whole != c.whole {
			t.Errorf("%q: %q, whole %v", c.text, got, whole)
		}
	}
}

func TestParse(t *testing.T) {
	comma := Dialect{',', '"'}
	for _, c := range []struct {
		name, text string
		cut        bool
		want       Table
	}{
		{"header and numbers", "name,n\nx,1\ny,-2.5e3\n", false, Table{
			Header: []string{"name", "n"}, Rows: [][]string{{"x", "1"}, {"y", "-2.5e3"}},
			Numbers: []bool{false, true}, Records: 2, Columns: 2}},
		{"no header", "1,x\n2,y\n", false, Table{Rows: [][]string{{"1", "x"}, {"2", "y"}},
			Numbers: []bool{true, false}, Records: 2, Columns: 2}},
		{"one record is no header", "a,b\n", false, Table{Rows: [][]string{{"a", "b"}},
			Numbers: []bool{false, false}, Records: 1, Columns: 2}},
		{"ragged", "a,b\n1\n2,3,4\n", false, Table{Header: []string{"a", "b"},
			Rows: [][]string{{"1"}, {"2", "3", "4"}}, Numbers: []bool{true, true, true},
			Records: 2, Columns: 3, Ragged: 2}},
		{"cut within a record", "a,b\nx,y\nz", true, Table{Header: []string{"a", "b"},
			Rows: [][]string{{"x", "y"}}, Numbers: []bool{false, false}, Records: 1, Columns: 2}},
		{"cut within quotes", "a,b\nx,y\n\"z\nand more", true, Table{Header: []string{"a", "b"},
			Rows: [][]string{{"x", "y"}}, Numbers: []bool{false, false}, Records: 1, Columns: 2,
			Ragged: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Parse(c.text, comma, c.cut); !reflect.DeepEqual(*got, c.want) {
				t.Errorf("%+v\nwant %+v", *got, c.want)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	comma := Dialect{',', '"'}
	long := Parse("a,b\n"+strings.Repeat("x,y\n", 3000), comma, false)
	if len(long.Rows) != MaxRows || long.Records != 3000 {
		t.Errorf("%d rows of %d", len(long.Rows), long.Records)
	}
	wide := Parse(strings.Repeat(strings.Repeat("x,", 9999)+"x\n", 50), comma, false)
	if len(wide.Rows[0]) != MaxColumns || !wide.Narrow || wide.Columns != 10_000 {
		t.Errorf("%d columns of %d", len(wide.Rows[0]), wide.Columns)
	}
	if cell := Parse(strings.Repeat("ä", MaxCell+1), comma, false).Rows[0][0]; cell !=
		strings.Repeat("ä", MaxCell)+"…" {
		t.Errorf("a cell of %d bytes", len(cell))
	}
}

func TestIsNumber(t *testing.T) {
	for cell, want := range map[string]bool{
		"1": true, "-1.5": true, "1,234,567": true, "1.234,5": true, "$3": true, "12 %": true,
		"1e-9": true, " 7 ": true, ".5": true, "": false, "-": false, "1a": false,
		"2026-03-14": false, "1.2.3": false, "0x10": false,
	} {
		if isNumber(cell) != want {
			t.Errorf("%q: %v", cell, !want)
		}
	}
}

// FuzzParse compares records with those of encoding/csv where that accepts the text.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "\"a\"\"b\",c\r\n", "a;b\n'x;y';z\n", "\"a\nb",
		"a,\n,b"} {
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, text string, cut bool) {
		table := Parse(text, Detect(text, cut), cut)
		for _, row := range append(table.Rows, table.Header) {
			if len(row) > len(table.Numbers) {
				t.Fatalf("%d cells in %d columns", len(row), len(table.Numbers))
			}
		}
		r := csv.NewReader(strings.NewReader(text))
		r.FieldsPerRecord = -1
		want, err := r.ReadAll()
		if err != nil || strings.Contains(strings.ReplaceAll(text, "\r\n", "\n"), "\r") ||
			strings.Contains(text, `""`) { // encoding/csv does not leave out lines of only "".
			return
		}
		if strings.Contains(text, "\r") {
			return // encoding/csv changes line ends in quoted fields
		}
		var got [][]string
		Dialect{',', '"'}.records(text, func(fields []string) bool {
			got = append(got, append([]string{}, fields...))
			return true
		})
		if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("%q\nwant %q", got, want)
		}
	})
}
