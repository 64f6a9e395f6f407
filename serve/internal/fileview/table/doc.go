// Package table shows CSV and TSV as a table.
//
//	dialect.go  which characters separate and quote fields
//	records.go  text to records, whatever is wrong with it
//	table.go    records to a Table: its header row, its columns of numbers, its limits
//	render.go   the Renderer
//
// Nothing of a file is refused: rows may have more or fewer fields than others, and quotes may be
// out of place. Such files are common, and a table with a gap is better than none.
package table
