// Package terminal deals with what surrounds a running command: its terminal, its standard
// streams, and signals.
//
//	tty.go      [IsTerminal]
//	meter.go    [Meter]: a progress bar on a terminal, lines if asked for, messages in between
//	tree.go     [Meter.CountTree]: how much there is to pack, for the time that is left
//	input.go    [NewInput]: standard input that ends when the command is stopped
//	output.go   [Output]: a writer that remembers its error and ends when the command is stopped
//	signals.go  [WithSignals]: Ctrl-C, kill and hangup cancel a context
package terminal
