package main

import (
	"archive/tar"
	"time"
)

// A tarWriter writes entries that have one time and belong to root. It keeps the first error.
type tarWriter struct {
	*tar.Writer
	time time.Time
	err  error
}

// file adds a regular file.
func (t *tarWriter) file(name string, mode int64, content []byte) {
	t.add(tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode}, content)
}

// add adds an entry, whose time and size it sets.
func (t *tarWriter) add(header tar.Header, content []byte) {
	if t.err != nil {
		return
	}
	header.ModTime, header.Size, header.Format = t.time, int64(len(content)), tar.FormatUSTAR
	if t.err = t.WriteHeader(&header); t.err == nil {
		_, t.err = t.Write(content)
	}
}

// close ends the tar, and returns the first error.
func (t *tarWriter) close() error {
	if t.err != nil {
		return t.err
	}
	return t.Close()
}
