// Package goroutines counts goroutines, for tests.
package goroutines

import "runtime"

// Count returns the number of goroutines that exist. It stops the world: without that,
// runtime.NumGoroutine can be wrong by dozens while others begin or end.
func Count() int {
	n, _ := runtime.GoroutineProfile(make([]runtime.StackRecord, 1))
	return n
}
