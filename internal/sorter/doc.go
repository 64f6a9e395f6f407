// Package sorter sorts more records than fit into memory: what exceeds the budget goes to a
// temporary file in sorted runs, which are merged when they are read.
package sorter
