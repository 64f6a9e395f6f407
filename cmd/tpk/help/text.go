package help

import "strings"

// Text returns the description of a command: paragraphs of prose, the exit codes, and examples.
// Prose may be broken anywhere: it is wrapped when it is printed. failure completes "1 if", and
// says when the exit code is 1.
func Text(prose, failure string, examples ...string) string {
	return strings.TrimSpace(prose) +
		"\n\nExit codes: 0 on success, 1 if " + failure +
		", 2 for wrong usage, 128+n after signal n." +
		"\n\n" + Examples(examples...)
}

// Examples returns a paragraph of command lines, which are not wrapped.
func Examples(lines ...string) string {
	return "Examples:\n" + indent + strings.Join(lines, "\n"+indent)
}
