package trees

import "strings"

// fill returns a name of n bytes that begins with prefix.
func fill(n int, prefix string) string {
	return (prefix + strings.Repeat("0123456789", n/10+1))[:n]
}

// longPath returns a path of n bytes that begins with prefix and has components of at most 50
// bytes.
func longPath(n int, prefix string) string {
	var b strings.Builder
	b.WriteString(fill(min(n, 50), prefix))
	for b.Len() < n {
		b.WriteByte('/')
		// A path must not end in a slash.
		rest := min(50, n-b.Len())
		if n-b.Len()-rest == 1 {
			rest--
		}
		b.WriteString(fill(rest, "c"))
	}
	return b.String()
}
