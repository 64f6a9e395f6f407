package hpack

import "golang.org/x/net/http2/hpack"

// staticFields is the static table (RFC 7541, appendix A), from index 1 on.
var staticFields = func() (fields [61]Field) {
	i := 0
	d := hpack.NewDecoder(0, func(f hpack.HeaderField) {
		fields[i] = Field{Name: f.Name, Value: f.Value, Valid: true}
	})
	for i = range fields {
		if _, err := d.Write([]byte{0x80 | byte(i+1)}); err != nil {
			panic(err)
		}
	}
	return fields
}()
