// Package paths has the rules for paths of mounts, folders and packs that need no look at what is
// there.
//
//	paths.go  paths and those below them; which are hidden
//	mount.go  which paths a mount may have
//	pack.go   the names of a pack, which is served in place of the folder that it lies in
package paths

// Below returns the rest of path below dir, and whether path is dir or below it.
func Below(dir, path string) (string, bool) {
	if dir == "" {
		return path, true
	}
	if len(path) < len(dir) || path[:len(dir)] != dir {
		return "", false
	}
	if len(path) == len(dir) {
		return "", true
	}
	return path[len(dir)+1:], path[len(dir)] == '/'
}

// Join returns the path of a name in a folder. "" is the root.
func Join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// Hides reports whether a path is hidden. It calls isDir if only folders with that path are.
func Hides(hidden func(string) bool, path string, isDir func() bool) bool {
	return path != "" && (hidden(path) || hidden(path+"/") && isDir())
}
