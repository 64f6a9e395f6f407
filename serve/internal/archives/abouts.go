package archives

import (
	"sync"

	"github.com/tarpack/tpk/serve/internal/guard"
)

// abouts remembers the descriptions of an archive, by mount: what is hidden, and what answers in
// place of the archive, differs from mount to mount.
type abouts struct {
	mu      sync.Mutex
	byMount map[string]about
}

// about is a description, and the archive's proof when it was read.
type about struct {
	proof *guard.Proof
	text  string
}

func (k *abouts) get(mount string, proof *guard.Proof) (text string, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	a, ok := k.byMount[mount]
	return a.text, ok && a.proof == proof
}

func (k *abouts) set(mount string, proof *guard.Proof, text string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.byMount == nil {
		k.byMount = map[string]about{}
	}
	k.byMount[mount] = about{proof, text}
}
