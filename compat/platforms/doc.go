// Package platforms tests that the same tar, zip or fs.FS makes the same archive, byte for byte, on
// all platforms. It has tests only, and these need no other program, so that they also run in
// emulators: "make test-arm64", "make test-windows".
package platforms
