package gzmember_test

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/tarpack/tpk/gzmember"
)

// A member written, found again and read in part.
func Example() {
	content := bytes.Repeat([]byte("all work and no play makes Jack a dull boy\n"), 100)
	enc, err := gzmember.NewEncoder(6)
	if err != nil {
		panic(err)
	}
	archive, how := enc.AppendContent(nil, content)
	length := len(archive)
	archive = gzmember.AppendZeros(archive, 512-len(content)%512, nil)

	r, err := gzmember.NewRangeReader(bytes.NewReader(archive), gzmember.Content{
		Offset: 0,
		Length: int64(length),
		Size:   int64(len(content)),
		CRC:    crc32.ChecksumIEEE(content),
		Coding: how,
	}, 43*99+9, 11)
	if err != nil {
		panic(err)
	}
	defer r.Close()
	fmt.Print(how, ": ")
	if _, err := io.Copy(os.Stdout, r); err != nil {
		panic(err)
	}
	// Output: deflate: and no play
}

func ExampleScanner() {
	stream := gzmember.AppendStored(nil, []byte("hello"))
	stream = gzmember.AppendZeros(stream, 507, nil)
	s := gzmember.NewScanner(bytes.NewReader(stream))
	for {
		_, err := s.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			panic(err)
		}
		size, err := io.Copy(io.Discard, s)
		if err != nil {
			panic(err)
		}
		fmt.Printf("at %d: %d bytes in %d, stored: %v\n", s.Offset(), size, s.Length(), s.Stored())
	}
	// Output:
	// at 0: 5 bytes in 28, stored: true
	// at 28: 507 bytes in 25, stored: false
}
