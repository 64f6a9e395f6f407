package durable

import (
	"os/user"
	"strconv"
	"sync"
)

// OwnerNames caches the names of users and groups, as one lookup can take milliseconds.
var OwnerNames nameCache

type nameCache struct{ users, groups sync.Map }

// User returns the name of a user, "" if it has none.
func (c *nameCache) User(id int) string {
	return cached(&c.users, id, func(id string) string {
		u, err := user.LookupId(id)
		if err != nil {
			return ""
		}
		return u.Username
	})
}

// Group returns the name of a group, "" if it has none.
func (c *nameCache) Group(id int) string {
	return cached(&c.groups, id, func(id string) string {
		g, err := user.LookupGroupId(id)
		if err != nil {
			return ""
		}
		return g.Name
	})
}

// cached returns the name of an id in m. If it is not there, find returns it.
func cached(m *sync.Map, id int, find func(string) string) string {
	if name, ok := m.Load(id); ok {
		return name.(string)
	}
	name := find(strconv.Itoa(id))
	m.Store(id, name)
	return name
}
