// Package count has the words for numbers of things in messages.
package count

import "github.com/dustin/go-humanize"

// Of returns n and the word for what is counted, such as "1 entry" and "1,200 entries". The words
// may go on, as in "entry was" and "entries were".
func Of[N int | int64 | uint64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return humanize.Comma(int64(n)) + " " + many
}
