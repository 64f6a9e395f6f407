package format

// Progress counts what is done.
type Progress struct {
	Entries int64 // entries written
	Bytes   int64 // bytes of content read for them
}
