// Package limit bounds what one client may ask for, and what searches may cost all together.
//
//	limit.go   Limits, and the key of a client
//	rate.go    requests by time: memory of a fixed size, whatever the number of clients
//	slots.go   downloads at the same time
//	shares.go  searches at the same time, of one client and of all
package limit

import (
	"encoding/binary"
	"net/netip"
)

// Limits are the limits of a server. Nil fields are no limits.
type Limits struct {
	Requests  *Rate  // of one client
	Downloads *Slots // of one client
	Searches  *Shares
}

// Key returns a number that stands for a client: its address, or of IPv6 its network, a /64, of
// which a client can have every address. It is 0 if the address is not known.
func Key(a netip.Addr) uint64 {
	switch {
	case !a.IsValid():
		return 0
	case a.Is4():
		b := a.As4()
		return 1<<32 | uint64(binary.BigEndian.Uint32(b[:])) // no network of IPv6 begins so
	}
	b := a.As16()
	return max(1, binary.BigEndian.Uint64(b[:8])) // ::/64 has no clients but ::1
}
