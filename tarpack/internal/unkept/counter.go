package unkept

import (
	"fmt"
	"path"
	"strings"
	"sync"

	"github.com/tarpack/tpk/tarpack/format"
)

// A kind is something that is not kept.
type kind int

const (
	links kind = iota
	attributes
	lists
	capabilities
	times
	names
	setIDs
	kinds // how many there are
)

// A Counter counts the files that have something that is not kept. Several goroutines may use it. A
// nil Counter counts nothing.
type Counter struct {
	mu     sync.Mutex
	found  [kinds]count
	setIDs map[string]bool // paths that were counted
}

// A count is how many files there are, and the first of them by its path.
type count struct {
	n          int
	path, what string
}

func (c *Counter) add(k kind, path, what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := &c.found[k]
	if f.n++; f.n == 1 || path < f.path {
		f.path, f.what = path, what
	}
}

// Link counts the symbolic link at path, which is rel below the top of its tree, if its target is
// outside of the tree.
func (c *Counter) Link(path, rel, target string) {
	if c != nil && leadsOut(rel, target) {
		c.add(links, path, target)
	}
}

// leadsOut reports whether the text of the link at rel leads out of the tree. Other links on the
// way are not followed.
func leadsOut(rel, target string) bool {
	if strings.HasPrefix(target, "/") {
		return true
	}
	p := path.Join(path.Dir(rel), target)
	return p == ".." || strings.HasPrefix(p, "../")
}

// Time counts the file at path, which becomes a hard link to an equal file with another time.
func (c *Counter) Time(path string) {
	if c != nil {
		c.add(times, path, "")
	}
}

// Name counts the file at path, whose first name is in another shard.
func (c *Counter) Name(path string) {
	if c != nil {
		c.add(names, path, "")
	}
}

// SetIDs counts the file at path, which loses its setuid and setgid bits. It counts each path once.
func (c *Counter) SetIDs(path string) {
	if c == nil {
		return
	}
	c.mu.Lock()
	counted := c.setIDs[path]
	if c.setIDs == nil {
		c.setIDs = map[string]bool{}
	}
	c.setIDs[path] = true
	c.mu.Unlock()
	if !counted {
		c.add(setIDs, path, "")
	}
}

// Attributes counts the file at path that has extended attributes of these names, if there are any
// that matter.
func (c *Counter) Attributes(path string, names []string) {
	for k, name := range matter(names) {
		if name != "" {
			c.add(kind(k), path, name)
		}
	}
}

// system are attributes that the system gives to files by itself, or that mean something only where
// they are. Each stands for all names that begin with it.
var system = []string{
	"security.selinux", "security.ima", "security.evm", "security.SMACK64", "security.apparmor",
	"system.nfs4_acl", "system.nfs4_dacl", "system.nfs4_sacl", "system.cifs_acl", "system.ntfs_",
	"btrfs.", "trusted.overlay.", "trusted.glusterfs.", "ceph.", "user.overlay.", "lustre.",
	"trusted.lov", "trusted.lma", "trusted.link", "com.apple.provenance",
}

// matter returns for each kind the first of the names that is of it, "" if none is.
func matter(names []string) (first [kinds]string) {
	for _, name := range names {
		k := attributes
		switch {
		case isSystem(name):
			continue
		case name == "security.capability":
			k = capabilities
		case strings.HasPrefix(name, "system.posix_acl_"):
			k = lists
		}
		if first[k] == "" {
			first[k] = name
		}
	}
	return first
}

func isSystem(name string) bool {
	for _, s := range system {
		if strings.HasPrefix(name, s) {
			return true
		}
	}
	return false
}

// Notices returns one line for each kind that was found.
func (c *Counter) Notices() (all []error) {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, f := range c.found {
		if f.n == 0 {
			continue
		}
		where := format.Printable(f.path)
		if f.n > 1 {
			where += fmt.Sprintf(" and %d more", f.n-1)
		}
		switch kind(k) {
		case links:
			all = append(all, fmt.Errorf("%s: %w (%s)", where, format.ErrLeadsOut,
				format.Printable(f.what)))
		case attributes:
			all = append(all, fmt.Errorf("%s: extended attributes are not kept (%s)", where,
				format.Printable(f.what)))
		case lists:
			all = append(all, fmt.Errorf("%s: access control lists are not kept", where))
		case capabilities:
			all = append(all, fmt.Errorf("%s: file capabilities are not kept", where))
		case times:
			all = append(all, fmt.Errorf("%s: %w", where, format.ErrOtherTime))
		case names:
			all = append(all, fmt.Errorf("%s: %w", where, format.ErrOtherShard))
		case setIDs:
			all = append(all, fmt.Errorf("%s: %w", where, format.ErrSetIDs))
		}
	}
	return all
}
