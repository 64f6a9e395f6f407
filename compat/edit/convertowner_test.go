package edit

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// zipOf returns a zip of an empty file of Unix with these extra fields.
func zipOf(name, local, central string) []byte {
	u16, u32 := binary.LittleEndian.AppendUint16, binary.LittleEndian.AppendUint32
	fields := func(b []byte, extra string) []byte {
		b = u16(u16(u16(b, 20), 0), 0) // version, flags, method

		b = u32(u16(u16(b, 0), 0x21), crc32.ChecksumIEEE(nil))                    // 1980-01-01
		return u16(u16(u32(u32(b, 0), 0), uint16(len(name))), uint16(len(extra))) // sizes, lengths
	}
	b := append(fields([]byte("PK\x03\x04"), local), name+local...)
	at := len(b)
	b = fields(u16(append(b, "PK\x01\x02"...), 3<<8|20), central)
	b = u32(u32(u16(u16(u16(b, 0), 0), 0), 0o100644<<16), 0)
	b = append(b, name+central...)
	size := len(b) - at
	b = u16(u16(u16(u16(append(b, "PK\x05\x06"...), 0), 0), 1), 1)
	return u16(u32(u32(b, uint32(size)), uint32(at)), 0)
}

// TestConvertZipOwners compares owners in the fields of Info-ZIP with those that bsdtar lists.
func TestConvertZipOwners(t *testing.T) {
	const (
		ux   = "ux\x0b\x00\x01\x04\xd2\x04\x00\x00\x04\x2e\x16\x00\x00"
		ux2  = "ux\x07\x00\x01\x02\xd2\x04\x02\x2e\x16"
		old2 = "Ux\x04\x00\xe8\x03\xe9\x03"
		old1 = "UX\x0c\x00\x05\x00\x00\x00\x00\xca\x9a\x3b\xe8\x03\xe9\x03"
		time = "UT\x05\x00\x03\x00\xca\x9a\x3b"
	)
	for _, c := range []struct{ name, local, central string }{
		{"none", time, time}, {"both", ux, ux}, {"local", ux, ""}, {"central", "", ux2},
		{"local, 2 bytes", ux2, ""}, {"with others", time + ux, time + ux}, {"Ux", old2, "Ux\x00\x00"},
		{"UX", old1, old1[:2] + "\x08\x00" + old1[4:12]}, {"Ux and ux", time + old2 + ux, time},
	} {
		work := tools.Dir(t)
		in, out := filepath.Join(work, "in.zip"), filepath.Join(work, "out.tar.gz")
		if err := os.WriteFile(in, zipOf("f", c.local, c.central), 0o600); err != nil {
			t.Fatal(err)
		}
		must(t, "convert", in, out)
		owner := func(archive string) string {
			list := tools.Must(t, exec.Command(tools.Path(t, "bsdtar"), "--numeric-owner", "-tvf", archive))
			return strings.Join(strings.Fields(string(list))[2:4], ":")
		}
		if got, want := owner(out), owner(in); got != want {
			t.Errorf("%s: owner %s, want %s", c.name, got, want)
		}
	}
}

// TestConvertZipLargeOwner: an owner that an archive can't hold is named in one line.
func TestConvertZipLargeOwner(t *testing.T) {
	const ux = "ux\x0b\x00\x01\x04\xff\xff\xff\xff\x04\xff\xff\xff\xff"
	work := tools.Dir(t)
	in, out := filepath.Join(work, "in.zip"), filepath.Join(work, "out.tar.gz")
	if err := os.WriteFile(in, zipOf("f", ux, ux), 0o600); err != nil {
		t.Fatal(err)
	}
	r := tpk(t, "convert", in, out)
	line := string(r.Err)
	if r.Code != 0 || strings.Count(line, "\n") != 1 ||
		!strings.Contains(line, "in.zip: 1 entry with an owner over 4294967294 gets the owner 0, such") {
		t.Error(r)
	}
}

// TestConvertZipSetuid: without an owner, setuid and setgid bits would be those of another one. In
// such entries they are dropped with one line, as Info-ZIP's unzip does in all.
func TestConvertZipSetuid(t *testing.T) {
	const (
		large = "ux\x0b\x00\x01\x04\xff\xff\xff\xff\x04\xff\xff\xff\xff"
		small = "ux\x0b\x00\x01\x04\xd2\x04\x00\x00\x04\x2e\x16\x00\x00"
	)
	var entries []zipEntry
	for name, extra := range map[string]string{"large": large, "none": "", "kept": small} {
		for _, mode := range []uint32{0o6755, 0o4755, 0o2750} {
			entries = append(entries,
				zipEntry{name: fmt.Sprintf("%s%o", name, mode), content: "x", host: 3,
					attrs: (0o100000 | mode) << 16, extra: extra},
				zipEntry{name: fmt.Sprintf("%s%o.d/", name, mode), host: 3,
					attrs: (0o040000 | mode) << 16, extra: extra})
		}
	}
	work := tools.Dir(t)
	in, out := filepath.Join(work, "in.zip"), filepath.Join(work, "out.tar.gz")
	if err := os.WriteFile(in, forgeZip(t, entries...), 0o600); err != nil {
		t.Fatal(err)
	}
	r := tpk(t, "convert", in, out)
	lines := strings.Split(strings.TrimSpace(string(r.Err)), "\n")
	if r.Code != 0 || len(lines) != 2 || !strings.Contains(lines[1], "setuid") {
		t.Fatal(r)
	}
	tools.Must(t, exec.Command(tools.Path(t, "unzip"), "-q", in, "-d", filepath.Join(work, "want")))
	want, err := trees.Read(filepath.Join(work, "want"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{} // modes as GNU tar lists them
	for _, line := range tarListing(t, "-f", out) {
		fields := strings.Fields(line)
		got[strings.TrimSuffix(fields[5], "/")] = fields[0][1:]
	}
	for _, e := range entries {
		name := strings.TrimSuffix(e.name, "/")
		mode := fs.FileMode(want[name].Mode).Perm()
		if keeps := strings.HasPrefix(name, "kept"); keeps == (got[name] == mode.String()[1:]) ||
			keeps && !strings.ContainsAny(got[name], "sS") {
			t.Errorf("%s has the mode %s; unzip makes it %v", name, got[name], mode)
		}
	}
}
