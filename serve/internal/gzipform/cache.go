package gzipform

import (
	"fmt"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/tarpack/tpk/serve/internal/plan"
)

// A Cache has the forms of contents by a key that identifies them. The zero Cache is empty and
// usable. It is safe for concurrent use.
type Cache[K comparable] struct {
	mu sync.Mutex
	// recent gets what is found, and what is used of older. When it is full it becomes older, and the
	// rest is forgotten.
	recent, older map[K]plan.GzipForm
	finding       singleflight.Group
}

// maxRecent is the number of forms in a half of a Cache. It is some MB for both.
const maxRecent = 1 << 17

// Known returns the form of a content if the Cache has it.
func (c *Cache[K]) Known(key K) (form plan.GzipForm, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if form, ok = c.recent[key]; ok {
		return form, true
	}
	if form, ok = c.older[key]; ok {
		c.add(key, form)
	}
	return form, ok
}

// add adds a form. c.mu is held.
func (c *Cache[K]) add(key K, form plan.GzipForm) {
	if len(c.recent) >= maxRecent {
		c.older, c.recent = c.recent, nil
	}
	if c.recent == nil {
		c.recent = map[K]plan.GzipForm{}
	}
	c.recent[key] = form
}

// Find returns the form of a content. If the Cache does not have it, examine returns it, and
// whether the key will identify the content later. Calls for one key at the same time share one
// examine.
func (c *Cache[K]) Find(
	key K, examine func() (form plan.GzipForm, sure bool, err error),
) (plan.GzipForm, error) {
	found, err, _ := c.finding.Do(fmt.Sprint(key), func() (any, error) {
		if form, ok := c.Known(key); ok {
			return form, nil
		}
		form, sure, err := examine()
		if err == nil && sure {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.add(key, form)
		}
		return form, err
	})
	form, _ := found.(plan.GzipForm)
	return form, err
}
