package getpage

import "strings"

// command is a line for a POSIX shell.
type command struct{ Label, Line string }

// quote quotes a word for a POSIX shell, whatever is in it.
func quote(word string) string {
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// curl returns the command that downloads a URL into a file, or goes on with it. A name that begins
// with a dash is no option, and "-" is no stream.
func curl(url, name string) string {
	return "curl -fL -C - -o " + quote("./"+name) + " " + quote(url)
}

func wget(url, name string) string {
	return "wget -c -O " + quote("./"+name) + " " + quote(url)
}

// untar returns the command that unpacks the tar.gz at a URL.
func untar(url string) string { return "curl -fL " + quote(url) + " | tar xz" }

// check returns the command that fails unless a file has a SHA-256.
func check(sum, name string) string {
	return "sha256sum < " + quote("./"+name) + " | grep " + sum
}
