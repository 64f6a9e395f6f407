package plan

// Request is what of a request decides its answer. The strings may be views of a buffer that the engine
// reuses: a Plan keeps none of them.
//
// A header field that came in several lines is given as one, joined by ", " (RFC 9110 §5.3).
type Request struct {
	Method string
	Target string // the request-target as it came: origin-form, absolute-form or "*" (RFC 9112 §3.2)
	Now    int64  // seconds since 1970

	Accept            string
	AcceptEncoding    string
	HasAcceptEncoding bool // an empty Accept-Encoding says something else than none

	Range             string
	IfRange           string
	IfMatch           string
	IfNoneMatch       string
	IfModifiedSince   string
	IfUnmodifiedSince string

	Origin        string
	RequestMethod string // Access-Control-Request-Method
}

// Kind says what a path names.
type Kind uint8

const (
	Missing  Kind = iota // nothing has that path
	File                 // content of an archive, or a plain file
	Dir                  // a directory
	Link                 // a symbolic link
	Other                // a device or FIFO: never served
	Download             // a whole file that is offered under a query: an archive or its sidecar
)

// Coding says how content is written. The numbers are those of FORMAT.md section 2.2.
type Coding uint8

const (
	Plain     Coding = iota // as it is: an empty file, a plain file, a download
	Deflate                 // one gzip member
	Stored                  // one gzip member of stored blocks
	Segmented               // one gzip member that can be entered at every segment
)

// Node is what a Tree knows of a path.
type Node struct {
	Kind   Kind
	Coding Coding
	UTF8   bool   // the content's beginning is valid UTF-8 text
	Sniff  string // media type that the content's beginning suggests, "" if none
	Name   string // Download: the file name to save under; File that symbolic links led to: its path

	Source  int   // which of the Tree's sources has it: the Tree's own number
	Part    int   // which file of a source that has several
	Entry   int   // the entry's ordinal in it
	Size    int64 // bytes of the content
	ModTime int64 // seconds since 1970; 0 and below: unknown
	Hash    uint64
	CRC     uint32 // CRC-32 of the content; unused when Plain

	Offset, Length int64 // of the gzip member in the source's file; unused when Plain
}

// A Tree looks paths up. Paths have no leading or trailing slash; the root is "".
type Tree interface {
	// Lookup says what path names. A path that is not there is no error.
	Lookup(path string) (Node, error)
	// Link is the target text of a symbolic link.
	Link(n Node) (string, error)
	// HasLinks is false if there is no symbolic link at all.
	HasLinks() bool
	// Root is the directory that the path may not leave, and that holds its 404.html: where its archive is
	// mounted. It is "" or a prefix of path that ends before a slash or at path's end.
	Root(path string) string
	// Download finds what is offered as a download in a directory: format is "tar.gz", "zip" or "tpi".
	Download(path, format string) (Node, error)
}
