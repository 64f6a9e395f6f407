//go:build minimal

package edition

// Minimal reports whether this is the small build.
const Minimal = true
