package getpage

import (
	"fmt"
	"strings"

	"github.com/tarpack/tpk/serve/internal/plan"
)

// command is a line for a POSIX shell.
type command struct{ Label, Line string }

// quote quotes a word for a POSIX shell, whatever is in it.
func quote(word string) string {
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// local returns the word for the file that a command writes or reads. A terminal may take control
// characters of what is pasted as keys, so there are none. A name that begins with a dash is no
// option, and "-" is no stream.
func local(name string) string { return quote("./" + plan.SaveName(name)) }

// curl returns the command that downloads a URL into a file, or goes on with it.
func curl(url, name string) string {
	return "curl -fL -C - -o " + local(name) + " " + quote(url)
}

func wget(url, name string) string {
	return "wget -c -O " + local(name) + " " + quote(url)
}

// untar returns the command that unpacks the tar.gz at a URL, without the folders above its
// content, so that it makes what unzip makes of the zip.
func untar(url, above string) string {
	line := "curl -fL " + quote(url) + " | tar xz"
	if above != "" {
		line += fmt.Sprintf(" --strip-components=%d", strings.Count(above, "/")+1)
	}
	return line
}

// check returns the command that fails unless a file has a SHA-256.
func check(sum, name string) string {
	return "sha256sum < " + local(name) + " | grep " + sum
}
