package plan

import "strings"

const (
	maxLinks = 16   // symbolic links followed for one path; Linux follows 40
	maxSteps = 1024 // names looked up for one path with links
)

// resolve looks a path up and follows symbolic links anywhere on it. A link leads nowhere if it
// leaves its archive's root, is absolute, goes in circles, or ends at something hidden.
func (pl *Planner) resolve(t Tree, path string) (Node, error) {
	n, err := t.Lookup(path)
	if err != nil || n.Kind != Missing && n.Kind != Link || !t.HasLinks() {
		return n, err
	}
	n, end, err := follow(t, path)
	if err != nil || pl.hidden(end) {
		return Node{}, err
	}
	if n.Kind == File {
		n.Name = end
	}
	return n, nil
}

// follow resolves a path as a kernel does, name by name. So ".." in a link's target means the
// parent of the folder that was reached. end is the path of what it finds.
func follow(t Tree, path string) (n Node, end string, err error) {
	root := t.Root(path)
	done := root
	rest := strings.TrimPrefix(path[len(root):], "/")
	n = Node{Kind: Dir}
	links := 0
	for steps := 0; rest != ""; steps++ {
		if n.Kind != Dir || steps == maxSteps {
			return Node{}, "", nil
		}
		var name string
		name, rest, _ = strings.Cut(rest, "/")
		switch name {
		case "", ".":
			continue
		case "..":
			if done == root {
				return Node{}, "", nil
			}
			done = done[:max(strings.LastIndexByte(done, '/'), 0)]
			continue
		}
		next := name
		if done != "" {
			next = done + "/" + name
		}
		if n, err = t.Lookup(next); err != nil {
			return Node{}, "", err
		}
		if n.Kind != Link {
			done = next
			continue
		}
		target, err := t.Link(n)
		if links++; err != nil || links > maxLinks || strings.HasPrefix(target, "/") {
			return Node{}, "", err
		}
		n = Node{Kind: Dir}
		if rest != "" {
			target += "/" + rest
		}
		rest = target
	}
	if n.Kind == Dir { // look up a folder, since the path may have ended in ".."
		n, err = t.Lookup(done)
	}
	return n, done, err
}
