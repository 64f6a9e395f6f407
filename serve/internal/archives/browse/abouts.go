package browse

import (
	"sync"
	"weak"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/guard"
)

// abouts remembers the descriptions of archives, by mount: what is hidden, and what answers in
// place of an archive, differs from mount to mount. It keeps no archive in memory.
type abouts struct {
	mu    sync.Mutex
	known map[aboutKey]about
}

type aboutKey struct {
	archive weak.Pointer[archives.Archive]
	mount   string
}

// about is a description, and the archive's proof when it was read.
type about struct {
	proof weak.Pointer[guard.Proof]
	text  string
}

func (k *abouts) get(a *archives.Archive, mount string, proof *guard.Proof) (text string, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	found, ok := k.known[aboutKey{weak.Make(a), mount}]
	return found.text, ok && found.proof == weak.Make(proof)
}

// set remembers a description, and forgets those of archives that are gone.
func (k *abouts) set(a *archives.Archive, mount string, proof *guard.Proof, text string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for key := range k.known {
		if key.archive.Value() == nil {
			delete(k.known, key)
		}
	}
	if k.known == nil {
		k.known = map[aboutKey]about{}
	}
	k.known[aboutKey{weak.Make(a), mount}] = about{weak.Make(proof), text}
}
