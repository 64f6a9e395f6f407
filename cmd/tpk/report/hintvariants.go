package report

import "github.com/tarpack/tpk/internal/edition"

// HintVariants returns what to do about a variants file that is damaged. The archive is in order.
func HintVariants() string {
	if edition.Minimal {
		return "remove it, or make it again with a full build of tpk"
	}
	return "'tpk variants --br --dcz' makes the file again, and --drop removes it"
}

// HintStaleVariants returns what to do about a variants file of another state of the archive.
func HintStaleVariants() string {
	if edition.Minimal {
		return "a full build of tpk builds the variants again, or remove the file"
	}
	return "'tpk variants --refresh' builds the variants again, and --drop removes them"
}
