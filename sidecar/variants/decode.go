package variants

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/tarpack/tpk/internal/edition"
	"github.com/tarpack/tpk/sidecar"
)

// dczMagic begins a content in the coding dcz (RFC 9842 §5). The SHA-256 of the dictionary follows
// it: a skippable frame of Zstandard with 32 bytes.
var dczMagic = [8]byte{0x5e, 0x2a, 0x4d, 0x18, 0x20}

// DCZHeaderSize is the number of bytes before the Zstandard frame of a content in dcz.
const DCZHeaderSize = len(dczMagic) + len(sidecar.Sum{})

// AppendDCZHeader appends what begins a content in dcz that was encoded with a dictionary.
func AppendDCZHeader(dst []byte, dictionary sidecar.Sum) []byte {
	dst = append(dst, dczMagic[:]...)
	return append(dst, dictionary[:]...)
}

// A Decoder decodes variants. The zero Decoder decodes those without a dictionary. It is safe for
// concurrent use, except for Close.
type Decoder struct {
	dictionaries []Dictionary
	mu           sync.Mutex
	byDictionary map[int]zstdDecoder // noDictionary: without one
}

// zstdDecoder is a zstd.Decoder. The small build (package edition) has none.
type zstdDecoder interface {
	DecodeAll(input, dst []byte) ([]byte, error)
	Close()
}

// Close releases what the Decoder holds. It can be used again.
func (x *Decoder) Close() {
	for _, d := range x.byDictionary {
		d.Close()
	}
	x.byDictionary = nil
}

// Decode is [Decoder.Decode] with the dictionaries of the file.
func (x *File) Decode(dst []byte, v Variant, b []byte, size int64) ([]byte, error) {
	return x.decoder.Decode(dst, v, b, size)
}

// Decode appends the content of a variant to dst. b are its encoded bytes, which were compared with
// their hash, and size is the size of the content. It is strict, so that no two programs decode a
// variant differently: nothing may follow the content, and Zstandard is one frame, with a window
// of at most MaxWindow. The error wraps ErrCorrupt, and dst is returned unchanged then.
//
// It allocates no more than size bytes for the content, whatever b is. Without the codings, it
// returns ErrMissing: see package edition.
func (x *Decoder) Decode(dst []byte, v Variant, b []byte, size int64) ([]byte, error) {
	if edition.Minimal {
		return dst, ErrMissing
	}
	if size < 0 || size > MaxContent {
		return dst, corruptf("a content of %d bytes", size)
	}
	switch v.Coding {
	case Brotli:
		return decodeBrotli(dst, b, size)
	case Zstd:
		return x.decodeZstd(dst, b, size, noDictionary)
	case DictionaryZstd:
		if v.Dictionary < 0 || v.Dictionary >= len(x.dictionaries) {
			return dst, corruptf("there is no dictionary %d", v.Dictionary)
		}
		head := AppendDCZHeader(nil, x.dictionaries[v.Dictionary].SHA256)
		if !bytes.HasPrefix(b, head) {
			return dst, corruptf("it does not begin with its dictionary")
		}
		return x.decodeZstd(dst, b[len(head):], size, v.Dictionary)
	}
	return dst, corruptf("unknown coding %d", v.Coding)
}

func decodeBrotli(dst, b []byte, size int64) ([]byte, error) {
	n := len(dst)
	out := slices.Grow(dst, int(size))[:n+int(size)]
	r := brotli.NewReader(bytes.NewReader(b))
	if _, err := io.ReadFull(r, out[n:]); err != nil {
		return dst, corruptf("brotli: %v", err)
	}
	for range 2 { // the end of the stream may be a read without bytes
		more, err := r.Read(make([]byte, 1))
		switch {
		case more > 0:
			return dst, corruptf("brotli: more than %d bytes", size)
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return dst, corruptf("brotli: %v", err)
		}
	}
	return dst, corruptf("brotli: it does not end")
}

// noDictionary is the key of the decoder without a dictionary.
const noDictionary = -1

func (x *Decoder) decodeZstd(dst, b []byte, size int64, dictionary int) ([]byte, error) {
	if err := checkFrame(b, size); err != nil {
		return dst, err
	}
	d, err := x.zstd(dictionary)
	if err != nil {
		return dst, err
	}
	n := len(dst)
	room := slices.Grow(dst, int(size))[: n : n+int(size)]
	out, err := d.DecodeAll(b, room)
	if err != nil {
		return dst, corruptf("%v", err)
	}
	if int64(len(out)-n) != size {
		return dst, corruptf("zstd: %d bytes, not %d", len(out)-n, size)
	}
	return out, nil
}

// zstd returns the decoder for a dictionary. It makes it at the first use.
func (x *Decoder) zstd(dictionary int) (zstdDecoder, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if d := x.byDictionary[dictionary]; d != nil {
		return d, nil
	}
	options := []zstd.DOption{
		zstd.WithDecoderMaxMemory(MaxContent), zstd.WithDecoderMaxWindow(MaxWindow),
		zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderConcurrency(0),
	}
	if dictionary != noDictionary {
		options = append(options, zstd.WithDecoderDictRaw(0, x.dictionaries[dictionary].Bytes))
	}
	d, err := zstd.NewReader(nil, options...)
	if err != nil {
		return nil, err
	}
	if x.byDictionary == nil {
		x.byDictionary = map[int]zstdDecoder{}
	}
	x.byDictionary[dictionary] = d
	return d, nil
}
