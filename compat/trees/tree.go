// Package trees describes directory trees, writes them to disk, reads trees from disk and compares
// them. It is for tests only.
//
//	t := trees.Tree{
//		trees.Dir("etc").Perm(0o555).At(1_000_000_000),
//		trees.File("etc/motd", "hello\n"),
//		trees.Symlink("etc/alias", "motd"),
//		trees.Hardlink("motd", "etc/motd"),
//	}
//	err := t.Write(dir)
//	snap, err := trees.Read(dir)
//	for _, line := range trees.Diff(want, snap, trees.Rules{}) { … }
//
// [Catalogue] returns the trees that every reader of archives is tested with.
package trees

import (
	"math/rand/v2"
)

// DefaultTime is the modification time of a node without a call of At, in seconds since 1970.
const DefaultTime = 1_600_000_000

// Kind is the type of a node: a letter as ls -l prints it, or h for a further name of a file.
type Kind byte

// The kinds of nodes.
const (
	KindFile     Kind = 'f'
	KindDir      Kind = 'd'
	KindSymlink  Kind = 'l'
	KindHardlink Kind = 'h'
	KindFIFO     Kind = 'p'
	KindSocket   Kind = 's'
	KindDevice   Kind = 'c' // a character device with the numbers of /dev/null
)

// Node is one entry of a tree.
type Node struct {
	Path   string // slash-separated, relative to the tree's root
	Kind   Kind
	Mode   uint32 // permission bits with setuid, setgid and sticky, as in stat(2)
	Time   int64  // modification time, seconds since 1970
	Nanos  int64  // nanoseconds of the time, 0 to 999,999,999
	Target string // of a symbolic link: its text; of a hard link: the path of an earlier node
	Data   []byte // of a file, after Hole bytes
	Hole   int64  // number of bytes before Data, which are not written (a sparse file)
}

// Tree is a list of nodes. Write adds missing parents, with mode 0755.
type Tree []Node

func node(path string, kind Kind, mode uint32) Node {
	return Node{Path: path, Kind: kind, Mode: mode, Time: DefaultTime}
}

// File returns a regular file with mode 0644.
func File(path, content string) Node { return Bytes(path, []byte(content)) }

// Bytes returns a regular file with mode 0644.
func Bytes(path string, content []byte) Node {
	n := node(path, KindFile, 0o644)
	n.Data = content
	return n
}

// Text returns a file of size bytes that compress well. The bytes depend on the path.
func Text(path string, size int) Node { return Bytes(path, TextBytes(path, size)) }

// Noise returns a file of size bytes that do not compress. The bytes depend on the path.
func Noise(path string, size int) Node { return Bytes(path, NoiseBytes(path, size)) }

// Sparse returns a file of size bytes. Only the tail is written.
func Sparse(path string, size int64, tail string) Node {
	n := File(path, tail)
	n.Hole = size - int64(len(tail))
	return n
}

// Dir returns a directory with mode 0755.
func Dir(path string) Node { return node(path, KindDir, 0o755) }

// Symlink returns a symbolic link with the text target.
func Symlink(path, target string) Node {
	n := node(path, KindSymlink, 0o777)
	n.Target = target
	return n
}

// Hardlink returns a further name of the node with the path target, which is earlier in the tree.
func Hardlink(path, target string) Node {
	n := node(path, KindHardlink, 0)
	n.Target = target
	return n
}

// FIFO returns a named pipe.
func FIFO(path string) Node { return node(path, KindFIFO, 0o644) }

// Socket returns a unix socket.
func Socket(path string) Node { return node(path, KindSocket, 0o755) }

// Device returns a character device. Only root can write it.
func Device(path string) Node { return node(path, KindDevice, 0o666) }

// Perm returns n with other mode bits.
func (n Node) Perm(mode uint32) Node { n.Mode = mode; return n }

// At returns n with another modification time, in seconds since 1970.
func (n Node) At(seconds int64) Node { n.Time = seconds; return n }

// AtNanos returns n with another modification time.
func (n Node) AtNanos(seconds, nanos int64) Node { n.Time, n.Nanos = seconds, nanos; return n }

// source returns a generator of bytes that depend only on the name.
func source(name string) *rand.ChaCha8 {
	seed := [32]byte{}
	for i := range len(name) {
		seed[i%32] = seed[i%32]*31 + name[i]
	}
	return rand.NewChaCha8(seed)
}

// NoiseBytes returns size bytes that do not compress.
func NoiseBytes(name string, size int) []byte {
	b := make([]byte, size)
	source(name).Read(b) // never fails
	return b
}

// TextBytes returns size bytes of words and lines.
func TextBytes(name string, size int) []byte {
	words := []string{"header", "member", "trailer", "of", "the", "archive", "and", "a", "segment",
		"7", "is", "\n"}
	r := rand.New(source(name))
	b := make([]byte, 0, size+16)
	for len(b) < size {
		b = append(b, words[r.IntN(len(words))]...)
		b = append(b, ' ')
	}
	return b[:size]
}
