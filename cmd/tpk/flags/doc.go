// Package flags reads the command line: flags, arguments and the environment. What it can't
// accept becomes a [report.UsageError] that names the command and the flag.
//
//	order.go        [Interspersed]: flags may follow arguments
//	habits.go       [CheckHabits]: command lines as for tar
//	letters.go      letters that are put together, as in -vC
//	suggest.go      [SuggestCommand]: what is meant by a name that no command has
//	arguments.go    [Arguments]: how many there must be
//	parse.go        [OnUsageError]: errors of the flag parser
//	values.go       checks of values: words, numbers, times, sizes
//	common.go       flags that several commands have
//	source.go       [Source]: the flags of every command that packs files; SOURCE_DATE_EPOCH
//	remote.go       [Remote]: the flags of every command that reads archives on servers
//	environment.go  [FromEnvironment]: variables in place of flags
package flags
