package basicauth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"sync"
)

// maxKnown is how many credentials are remembered.
const maxKnown = 4096

// known remembers credentials that were right, as sums with a key that only this process has. The
// hash of the file is part of a sum, so a changed password is asked for again.
type known struct {
	key  [32]byte
	mu   sync.RWMutex
	sums map[sum]struct{}
}

type sum [sha256.Size]byte

func newKnown() *known {
	k := &known{sums: map[sum]struct{}{}}
	_, _ = rand.Read(k.key[:]) // never fails: see crypto/rand
	return k
}

// sum returns the sum of credentials.
func (k *known) sum(name, password, hash string) (s sum) {
	h := hmac.New(sha256.New, k.key[:])
	for _, text := range [...]string{name, password, hash} {
		var size [8]byte
		binary.LittleEndian.PutUint64(size[:], uint64(len(text)))
		h.Write(size[:])
		h.Write([]byte(text))
	}
	h.Sum(s[:0])
	return s
}

func (k *known) has(s sum) bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	_, ok := k.sums[s]
	return ok
}

// add remembers a sum. If there is no room, another one is forgotten.
func (k *known) add(s sum) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.sums) >= maxKnown {
		for other := range k.sums {
			delete(k.sums, other)
			break
		}
	}
	k.sums[s] = struct{}{}
}
