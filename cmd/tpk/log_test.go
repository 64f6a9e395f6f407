package main

import (
	"io"
	"log"
	"testing"
)

// Lines that net/http writes to the standard log, such as those about servers that send more than
// was asked for, are not those of tpk.
func TestNoForeignLines(t *testing.T) {
	old := log.Writer()
	defer log.SetOutput(old)
	if code := run([]string{"tpk", "version"}, io.Discard, io.Discard); code != 0 {
		t.Fatal(code)
	}
	if log.Writer() != io.Discard {
		t.Error("the standard log is printed")
	}
}
