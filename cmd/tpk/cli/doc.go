// Package cli parses a command line of the form "tpk COMMAND [flags] ARGUMENTS" and runs the
// command. It is a layer of commands over package flag.
//
//	app.go      App and Command; running a command line; help
//	context.go  Context: the flags and arguments of one run
//	flag.go     Flag, and the types of flags
//	value.go    the values of flags
//
// It prints nothing itself: App.PrintHelp and App.PrintVersion do. It has no templates, as the
// libraries for this have. Templates find methods by their names, so the linker must keep all
// methods of all types: that is a tenth of the program. See docs/decisions/dependencies.md.
package cli
