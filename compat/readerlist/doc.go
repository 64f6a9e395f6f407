// Package readerlist keeps testdata/readers: the archives that every reader of the format is checked
// with, in whatever language it is written. list.json names good archives, with all that they hold,
// and hostile ones, with the step at which a reader must refuse them. It is for tests only.
//
//	go test ./compat/readerlist -update   # makes the archives and the list again
package readerlist

// A List is what list.json holds.
type List struct {
	Good    []Good    `json:"good"`
	Hostile []Hostile `json:"hostile"`
}

// Good is an archive that every reader must read.
type Good struct {
	Name    string  `json:"name"`
	Note    string  `json:"note"`    // what is special about it
	Archive string  `json:"archive"` // from the directory of the list; for a set, its list
	Entries []Entry `json:"entries"` // in path order, so that the position is the ordinal
}

// Entry is an entry as a tar reader sees it. In Path and Target, each byte but letters, digits and
// "-./_" is written as "%" and two hexadecimal digits.
type Entry struct {
	Path   string `json:"path"`
	Type   string `json:"type"` // file, dir, symlink, hardlink, char, block, fifo
	Size   int64  `json:"size"` // of a file; of a hard link's target
	Mode   int64  `json:"mode"`
	MTime  int64  `json:"mtime"`            // seconds since 1970
	Target string `json:"target,omitempty"` // of a symbolic link, or the path of a hard link's file
	SHA256 string `json:"sha256,omitempty"` // of the content of a file or hard link
	Coding string `json:"coding,omitempty"` // of a file that is not empty: deflate, stored, segmented
	Major  int64  `json:"major,omitempty"`
	Minor  int64  `json:"minor,omitempty"`
}

// Hostile is an archive that breaks the rules of the format.
type Hostile struct {
	Name    string `json:"name"`
	Note    string `json:"note"` // what is wrong
	Archive string `json:"archive"`
	Refused Step   `json:"refused"`
	// Unsupported is set if the archive may be a sound one of another version of the format. A reader's
	// message should say so.
	Unsupported bool `json:"unsupported,omitempty"`
}

// Step is the step at which a reader must have refused a hostile archive, at the latest.
type Step string

// The steps.
const (
	AtOpen Step = "open" // opening it, without building an index
	AtUse  Step = "use"  // listing all, looking all paths up, reading all links and contents
	// AtExtract is for names that lead elsewhere. A reader that doesn't extract may accept them.
	AtExtract Step = "extract"
	AtVerify  Step = "verify" // comparing all bytes; a reader without such a check may accept it
)
