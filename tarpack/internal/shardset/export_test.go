package shardset

import (
	"fmt"

	"github.com/cespare/xxhash/v2"
)

// HashLine returns the last line of a list whose other lines are text.
func HashLine(text string) string { return fmt.Sprintf("hash %016x\n", xxhash.Sum64String(text)) }
