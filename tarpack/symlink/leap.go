package symlink

import "strings"

// A leap looks several names up at once.
type leap[N any] struct {
	t     Direct[N]
	names int // that were considered so far: no more than MaxNames, for all links together
}

// can reports whether the names of rest can be looked up at once, after so many others: whether all
// are names, and a walk could follow all of them. A nil leap can't.
func (l *leap[N]) can(rest string, before int) bool {
	if l == nil {
		return false
	}
	n := strings.Count(rest, "/") + 1
	if l.names += n; l.names > MaxNames || before+n > MaxNames {
		return false
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(rest, "/"), "/") {
		if name == "" || name == "." || name == ".." {
			return false
		}
	}
	return true
}

// leap looks rest up in the directory at. If that is not there it looks the link up that may lead
// to it. It returns the path of what it has found, and what of rest comes after that.
func (l *leap[N]) leap(at, rest string) (n N, kind Kind, next, after string, err error) {
	next = join(at, strings.TrimSuffix(rest, "/"))
	n, kind, err = l.t.Lookup(next)
	if err != nil || kind != Missing {
		return n, kind, next, "", err
	}
	link, err := l.t.LinkAbove(next)
	if err != nil || len(link) <= len(at) { // at is a directory
		return n, Missing, next, "", err
	}
	after = strings.TrimPrefix(rest[len(link)-len(join(at, "")):], "/")
	if n, kind, err = l.t.Lookup(link); kind != Link {
		kind = Missing
	}
	return n, kind, link, after, err
}
