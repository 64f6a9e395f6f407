package reading

import (
	"fmt"
	"io"
	"strings"

	"github.com/tarpack/tpk/sidecar"
)

// Sums returns a printer of the SHA-256 of files and hard links as sha256sum prints them. It prints
// nothing for other entries. The index has sums.
func Sums(w io.Writer, index *sidecar.Index) Printer {
	return func(row sidecar.Row) error {
		if t := row.Entry.Type; t != sidecar.TypeFile && t != sidecar.TypeHardlink {
			return nil
		}
		sum, err := index.SHA256(row.Ordinal)
		if err == nil {
			_, err = io.WriteString(w, sumLine(sum, string(row.Path)))
		}
		return err
	}
}

// sumEscapes are the escapes of coreutils.
var sumEscapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`)

// sumLine returns a line of sha256sum. It begins with a backslash if the path has escapes. A lone -
// would mean standard input.
func sumLine(sum sidecar.Sum, path string) string {
	mark := ""
	if escaped := sumEscapes.Replace(path); escaped != path {
		mark, path = `\`, escaped
	}
	if path == "-" {
		path = "./-"
	}
	return fmt.Sprintf("%s%x  %s\n", mark, sum, path)
}
