package plan

import "github.com/tarpack/tpk/serve/internal/siterules"

// Request is the part of a request that decides its answer. A header field of several lines is
// given as one, joined by ", " (RFC 9110 §5.3). The strings may be parts of a buffer that is used
// again: a Plan keeps none of them.
type Request struct {
	Method string
	Target string // the request-target (RFC 9112 §3.2)
	// BadHost is set if the Host field, or :authority of HTTP/2, breaks the grammar: the answer is
	// 400 (RFC 9112 §3.2).
	BadHost   bool
	Authority string // the Host field, or :authority of HTTP/2; "" if there is none
	Secure    bool   // the client uses TLS
	// HTTPSPort is the port of https to redirect to if the client does not use TLS; 0 is none.
	HTTPSPort int
	// ForwardedProto is X-Forwarded-Proto, with which a proxy names the scheme of its client,
	// ForwardedFor is X-Forwarded-For, and Forwarded the field of that name (RFC 7239). Anybody can
	// send them: see respond.Responder.Meet.
	ForwardedProto, ForwardedFor, Forwarded string
	Now                                     int64 // seconds since 1970

	Authorization string
	// Access is whether the client may have content, by its Authorization.
	Access Access

	Accept            string
	AcceptEncoding    string
	HasAcceptEncoding bool // an empty field differs from none
	AcceptLanguage    string

	Range             string
	IfRange           string
	IfMatch           string
	IfNoneMatch       string
	IfModifiedSince   string
	IfUnmodifiedSince string

	Origin        string
	RequestMethod string // Access-Control-Request-Method

	AvailableDictionary string
	FetchSite           string // Sec-Fetch-Site
	FetchMode           string // Sec-Fetch-Mode
}

// Access is what a client is allowed.
type Access uint8

const (
	Public  Access = iota // everybody is allowed everything
	Private               // this client is allowed everything
	Denied                // this client must give a password
)

// Kind is the kind of what a path names.
type Kind uint8

const (
	Missing  Kind = iota // nothing has that path
	File                 // content of an archive, or a plain file
	Dir                  // a directory
	Link                 // a symbolic link
	Other                // a device or FIFO, which is never served
	Download             // an archive, a sidecar or a folder, for ?list&download=
)

// Coding is the way in which content is stored. The numbers are those of FORMAT.md section 2.2.
type Coding uint8

const (
	Plain     Coding = iota // as it is, like an empty file, a plain file or a download
	Deflate                 // one gzip member
	Stored                  // one gzip member of stored blocks
	Segmented               // one gzip member that can be read from each segment on
)

// NoTime is the latest modification time that stands for none: git archive of a tree has 0, and the
// Nix store 1.
const NoTime = 1

// Node is what a Tree knows of a path.
type Node struct {
	Kind   Kind
	Coding Coding
	UTF8   bool   // the content begins with UTF-8 text
	Sniff  string // the media type that the content begins like; "" for none
	// Name is the file name to save a Download under, or the path that symbolic links led to.
	Name string

	Source  int    // the source that has it, by a number of the Tree's
	Part    int    // the file of the source, if it has several
	Entry   int    // the ordinal of the entry in the source
	Size    int64  // bytes of the content
	ModTime int64  // seconds since 1970; unknown up to NoTime
	Hash    uint64 // of the content
	CRC     uint32 // CRC-32 of the content; unused when Plain
	// SHA256 is that of the content; zero if it is not known.
	SHA256 [32]byte

	// Offset and Length are those of the gzip member in the source's file. A file that lies in
	// another one, such as a download of what is in a bundle, has the Offset there; 0 for others
	// that are Plain.
	Offset, Length int64
}

// GzipForm is what a content that begins like gzip is to its end (RFC 1952 §2.2).
type GzipForm uint8

const (
	NoGzip    GzipForm = iota // damaged or cut short, or other bytes follow
	OneMember                 // one member: all clients that accept gzip can decode it
	Members                   // several members: some clients stop after the first, as curl does
)

// ChoiceError is a choice of entries that can't be answered.
type ChoiceError struct {
	Status int // 400, 404, 410 if the choice was made in another archive, 412: see etagKey
	Why    string
}

func (e *ChoiceError) Error() string { return e.Why }

// A Tree looks paths up. A path has no slash at its beginning or end, and "" is the root.
type Tree interface {
	// Lookup describes what path names. A path that is not there is Missing, and not an error.
	Lookup(path string) (Node, error)
	// Link returns the target of a symbolic link.
	Link(n Node) (string, error)
	// GzipForm returns the form of a file whose content begins like gzip. It may read all of it.
	GzipForm(n Node) (GzipForm, error)
	// Variants describes the variants of a file of an archive. Most have none.
	Variants(n Node) Variants
	// Dictionary returns the dictionary with a name, of an archive that is mounted at path or above,
	// or nil.
	Dictionary(path, name string) (*Dictionary, error)
	// HasLinks reports whether there is any symbolic link.
	HasLinks() bool
	// Direct reports whether LinkAbove may be called for paths below a root: whether all of them are
	// in one archive.
	Direct(root string) bool
	// LinkAbove is that of symlink.Direct.
	LinkAbove(path string) (link string, err error)
	// Root returns the folder that path may not leave, and that has its 404.html: where its archive
	// is mounted. It is "", or path up to a slash or to its end.
	Root(path string) string
	// Rules returns the rules of a site that a path belongs to: of the archives and directories that
	// are mounted at Root(path), by number. They are nil if there are none. ok is false behind the
	// last one, and for all if sites have no rules. now is in seconds since 1970.
	Rules(path string, number int, now int64) (rules *siterules.Site, ok bool, err error)
	// RulesOf returns the rules of the site that has a file, by the Source and Entry of its Node, and
	// the path of its root.
	RulesOf(source, entry int, now int64) (rules *siterules.Site, root string, err error)
	// Download describes the download of a folder, or of some entries of it if the query makes a
	// choice: see package choice. format is "tar.gz" or "zip", or that of the archive's own files
	// "tpi", "tpx", "tpv", "sum" or "minisig". A choice that can't be answered
	// is a *ChoiceError.
	Download(path, format, query string) (Node, error)
}
