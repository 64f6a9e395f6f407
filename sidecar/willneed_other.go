//go:build !unix

package sidecar

// WillNeed does nothing here.
func (x *Index) WillNeed(int64) {}
