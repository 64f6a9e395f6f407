package layout

import "github.com/tarpack/tpk/gzmember/coding"

// Limits of the format (FORMAT.md 4).
const (
	MaxEntries   = 1<<32 - 2
	MaxOffset    = coding.MaxSize    // of an archive: 2^48 − 1
	MaxSetOffset = coding.MaxSetSize // of the archives of a set, one after the other
	MaxMember    = 1<<16 - 1         // length in bytes of H, G and P
	MaxBytes     = 1 << 62           // sizes of all files, and of the targets of all hard links
	MaxPath      = 16384             // bytes
	MaxComponent = 255               // bytes of a path between two slashes
	MaxTime      = 1<<39 - 1         // seconds since 1970, an i40
	MinTime      = -1 << 39
	MaxDevice    = 1<<21 - 1 // major and minor number
	MaxMode      = 0o7777
	LinkMode     = 0o777 // of every symbolic link

	TrailerMember = 64  // length of T
	TarBlock      = 512 // bytes: P pads the content to a multiple of it
)
