package spool

import (
	"bufio"
	"bytes"
	"io"
	"math"
	"reflect"
	"testing"
)

// fill sets every exported field of a value to something that depends on its place.
func fill(t *testing.T, v reflect.Value, next *int64) {
	*next++
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.IsExported() && f.Name != "MiBSums" { // these are in Spool.sums
				fill(t, v.Field(i), next)
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(t, v.Index(i), next)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(t, v.Index(0), next)
		fill(t, v.Index(1), next)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		v.SetString("text \xff\x00" + string(rune('a'+*next%26)))
	case reflect.Int32, reflect.Int64:
		v.SetInt(-*next)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		v.SetUint(uint64(*next % 200))
	case reflect.Uint64:
		v.SetUint(math.MaxUint64 - uint64(*next))
	default:
		t.Fatal(v.Type())
	}
}

// TestRecord: what is read is what was written, in every field.
func TestRecord(t *testing.T) {
	var full record
	next := int64(0)
	fill(t, reflect.ValueOf(&full).Elem(), &next)
	all := []record{full, {}, full}
	all[2].Segments = nil

	var b bytes.Buffer
	w := recordWriter{w: &b}
	for i := range all {
		if err := w.write(&all[i]); err != nil {
			t.Fatal(err)
		}
	}
	whole := b.Bytes()
	r := recordReader{r: bufio.NewReader(bytes.NewReader(whole))}
	for i := range all {
		var got record
		if err := r.read(&got); err != nil || !reflect.DeepEqual(got, all[i]) {
			t.Errorf("%d: %+v, %v\nwant %+v", i, got, err, all[i])
		}
	}
	if err := r.read(new(record)); err != io.EOF {
		t.Error(err)
	}
	b.Reset()
	if err := w.write(&full); err != nil {
		t.Fatal(err)
	}
	one := b.Bytes()
	for n := 1; n < len(one); n++ {
		r := recordReader{r: bufio.NewReader(bytes.NewReader(one[:n]))}
		if err := r.read(new(record)); err == nil {
			t.Errorf("%d of %d bytes are a record", n, len(one))
		}
		cut := append([]byte{byte(n - 1)}, one[2:n+1]...)
		r = recordReader{r: bufio.NewReader(bytes.NewReader(cut))}
		if err := r.read(new(record)); n < 100 && err == nil {
			t.Errorf("a record of %d bytes", n)
		}
	}
}
