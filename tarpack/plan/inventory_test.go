package plan_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/plan"
)

// inventory plans an inventory, one file for each text.
func inventory(t *testing.T, shards int, texts ...string) (plan.Result, error) {
	var names []string
	dir := t.TempDir()
	for i, text := range texts {
		names = append(names, filepath.Join(dir, string(rune('a'+i))))
		tartest.WriteFile(t, names[i], []byte(text))
	}
	return plan.Inventory(context.Background(), names, filepath.Join(dir, "p"),
		plan.InventoryOptions{Shards: shards})
}

// TestInventory reads lines as S3 writes them: all fields quoted, keys with URL encoding in which a
// space is +, one file compressed.
func TestInventory(t *testing.T) {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := w.Write([]byte("\"b\",\"z/last%2Bone.txt\",\"5\",\"2026-11-29T00:00:00.000Z\"\n" +
		"\"b\",\"folder/\",\"0\",\"2026\"\n\"b\",\"empty/\",\"0\",\"2026\"\n")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	res, err := inventory(t, 2, "\"b\",\"folder/my+file%2C+%C3%A4.txt\",\"1000000\",\"2026\"\n"+
		"\"b\",\"folder/sub/%22x%22\",\"7\",\"2026\"\n\"b\",\"folder-1\",\"3\"\n", z.String())
	want := []string{"folder-1", "empty", "folder/my file, ä.txt", `folder/sub/"x"`,
		"z/last+one.txt"}
	if got := outcome(t, res, err).Paths; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if res.Bytes != 1000015 || len(res.Manifests) != 2 {
		t.Errorf("%+v", res)
	}
}

func TestBadInventory(t *testing.T) {
	for _, c := range []struct {
		what, text, message string
		want                error
	}{
		{"nothing", "", "nothing to pack", plan.ErrNothing},
		{"few columns", "b,k,1\nb,k2\n", "line 2: ", plan.ErrInventory},
		{"another column", "b,k,versionid,1\n", `the size is "versionid"`, plan.ErrInventory},
		{"a negative size", "b,k,-1\n", "line 1: ", plan.ErrInventory},
		{"bad quotes", "b,\"k,1\n", "line 1", plan.ErrInventory},
		{"bad encoding", "b,%zz,1\n", "%zz", plan.ErrInventory},
		{"another bucket", "b,k,1\nc,l,1\n", "line 2: ", os.ErrInvalid},
		{"an absolute key", "b,/k,1\n", "line 1: ", sidecar.ErrPath},
		{"dots", "b,x/../k,1\n", "line 1: ", sidecar.ErrPath},
		{"two slashes", "b,x//k,1\n", "line 1: ", sidecar.ErrPath},
		{"a slash with content", "b,x/,1\n", "line 1: ", sidecar.ErrPath},
		{"a file and a directory", "b,k-,1\nb,k,1\nb,k/l/m,1\n", "k: ", os.ErrInvalid},
		{"a directory and a file", "b,k/,0\nb,k,1\n", "k: ", os.ErrInvalid},
		{"a long line", "b,k,1\n" + strings.Repeat("x", 1<<20), "longer than", plan.ErrInventory},
		{"no gzip", "\x1f\x8bxxxxxxxxxxxxxxxxxxxxxxxxx", "gzip: ", gzip.ErrHeader},
		{"gzip that is cut off", cutOff(-9), "unexpected EOF", plan.ErrDamaged},
		{"gzip that is cut off in its header", cutOff(5), "unexpected EOF", plan.ErrDamaged},
		{"gzip with another checksum", cutOff(-8) + "12345678", "checksum", plan.ErrDamaged},
		{"another kind of block", cutOff(10) + strings.Repeat("\xff", 99), "flate", plan.ErrDamaged},
	} {
		_, err := inventory(t, 3, c.text)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	_, err := plan.Inventory(context.Background(), []string{"none"},
		filepath.Join(t.TempDir(), "p"), plan.InventoryOptions{Shards: 1})
	if !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// cutOff returns the first n bytes of a compressed inventory, or all but the last -n.
func cutOff(n int) string {
	var z strings.Builder
	w := gzip.NewWriter(&z)
	_, _ = w.Write([]byte("b,k,1\nb,l,2\n"))
	w.Close()
	if n < 0 {
		n += z.Len()
	}
	return z.String()[:n]
}
