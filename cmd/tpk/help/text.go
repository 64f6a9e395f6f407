package help

import "strings"

// Text returns the description of a command: paragraphs of prose, the exit codes, and examples.
// Prose is wrapped when it is printed, except lines that begin with a space. failure is what exit
// code 1 means.
func Text(prose, failure string, examples ...string) string {
	var b strings.Builder
	b.WriteString(strings.TrimSpace(prose) + "\n\nExit codes:\n" + indent + "0      success\n")
	margin := indent + "       "
	b.WriteString(indent + "1      ")
	b.WriteString(strings.Join(wrap(failure, Width-len(indent)-len(margin)), "\n"+margin))
	b.WriteString("\n" + indent + "2      wrong usage\n")
	b.WriteString(indent + "128+n  stopped by signal n\n\n")
	b.WriteString(Examples(examples...))
	return b.String()
}

// Examples returns a paragraph of command lines, which are not wrapped.
func Examples(lines ...string) string {
	return "Examples:\n" + indent + strings.Join(lines, "\n"+indent)
}
