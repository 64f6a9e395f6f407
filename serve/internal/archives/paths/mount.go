package paths

import (
	"strconv"
	"strings"

	"github.com/tarpack/tpk/serve/internal/plan"
)

// Mount returns the URL path of a mount without the slashes around it; "" is the root. Its
// error is a plan.OptionError if no request could reach the mount. hidden reports whether a path is
// never answered; it may be nil.
func Mount(mount string, hidden func(path string) bool) (string, error) {
	if mount == "" || mount == "/" {
		return "", nil
	}
	path := strings.TrimSuffix(strings.TrimPrefix(mount, "/"), "/")
	if why := unreachable(path); why != "" {
		return "", plan.BadOption("Mount", "%s: %s", strconv.Quote(mount), why)
	}
	if hidden != nil && hidden(path+"/") {
		return "", plan.BadOption("Mount", "%s: paths with such a name are hidden: choose another name",
			strconv.Quote(mount))
	}
	return path, nil
}

// unreachable returns why no request names a path, or "" if one can.
func unreachable(path string) string {
	for name := range strings.SplitSeq(path, "/") {
		switch {
		case name == "":
			return "it has an empty name: write one slash between names"
		case name == "." || name == "..":
			return "clients resolve " + name + " before they ask: write the path without it"
		case strings.IndexByte(name, 0) >= 0:
			return "it has a NUL"
		case escaped(name):
			return "it is escaped for a URL: write the characters as they are"
		}
	}
	return ""
}

// escaped reports whether a name has a percent-encoded byte (RFC 3986 §2.1).
func escaped(name string) bool {
	for i := 0; i+2 < len(name); i++ {
		if name[i] == '%' {
			if _, err := strconv.ParseUint(name[i+1:i+3], 16, 8); err == nil {
				return true
			}
		}
	}
	return false
}
