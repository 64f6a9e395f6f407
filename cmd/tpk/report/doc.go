// Package report turns errors into what the user sees: an exit code, and one line on standard error
// with what failed, where, and what to do about it.
//
//	exit.go    the errors of the command line itself, and exit codes
//	line.go    [Line]: from an error to one line
//	hints.go   what to do about each error of the libraries and the system
//	output.go  [Output]: errors of writing a file, which don't name its temporary file
//	quote.go   [Quote]: names that can't forge a line or recolour a terminal
//	amount.go  [Bytes], [Count]
//
// The libraries' messages name no command and no flag. All such advice stands in hints.go, except
// where only the command knows it ([WithHint]).
package report
