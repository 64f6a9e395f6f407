package trees

import (
	"fmt"
	"path"
)

// Modes returns files and directories with every kind of permission bits.
func Modes() Tree {
	t := Tree{}
	for _, m := range []uint32{0, 0o400, 0o200, 0o111, 0o444, 0o600, 0o644, 0o664, 0o666, 0o755, 0o777,
		0o4755, 0o2755, 0o6711, 0o1644, 0o7777} {
		t = append(t, File(fmt.Sprintf("file-%04o", m), fmt.Sprintf("%o", m)).Perm(m))
		// The same bytes with other modes are no duplicates by default.
		t = append(t, File(fmt.Sprintf("same-%04o", m), "the same bytes").Perm(m))
		t = append(t, Dir(fmt.Sprintf("dir-%04o", m)).Perm(m))
		t = append(t, Dir(fmt.Sprintf("full-%04o", m)).Perm(m),
			File(fmt.Sprintf("full-%04o/file", m), fmt.Sprintf("in %o", m)))
	}
	return t
}

// Times returns modification times from 1970 to 2446, where ext4 ends. The octal field of ustar
// ends in 2242.
func Times() Tree {
	t := Tree{}
	for _, s := range []int64{0, 1, 999_999_999, 1 << 31, 1<<31 - 1, 1 << 32, 1<<33 - 1, 1 << 33,
		1<<33 + 1, 15_000_000_000} {
		t = append(t,
			File(fmt.Sprintf("f%d", s), fmt.Sprint(s)).At(s),
			Dir(fmt.Sprintf("d%d", s)).At(s),
			Dir(fmt.Sprintf("full%d", s)).At(s),
			File(fmt.Sprintf("full%d/f", s), fmt.Sprint("in ", s)).At(s/2),
			Symlink(fmt.Sprintf("l%d", s), "nowhere").At(s))
	}
	return append(t, File("nanos", "n").AtNanos(1_500_000_000, 999_999_999),
		Dir("nanosdir").AtNanos(1_500_000_000, 1))
}

// OldTimes returns modification times before 1970.
func OldTimes() Tree {
	t := Tree{}
	for _, s := range []int64{-1, -2, -86_400, -(1 << 21), -1_000_000_000, -(1 << 31)} {
		t = append(t,
			File(fmt.Sprintf("f%d", s), fmt.Sprint(s)).At(s),
			Dir(fmt.Sprintf("d%d", s)).At(s),
			Symlink(fmt.Sprintf("l%d", s), "nowhere").At(s))
	}
	return append(t, File("nanos", "n").AtNanos(-10, 500_000_000))
}

// Links returns symbolic links of every kind, and hard links within and between directories.
func Links() Tree {
	return Tree{
		File("file", "the file\n"), Dir("dir"), File("dir/inner", "inner\n"),
		Symlink("to-file", "file"), Symlink("to-dir", "dir"), Symlink("to-link", "to-file"),
		Symlink("dangling", "no/such/file"), Symlink("absolute", "/etc/passwd"),
		Symlink("absolute-dangling", "/no/such"),
		Symlink("up", "../../../../etc/passwd"), Symlink("loop", "loop"), Symlink("loop-a", "loop-b"),
		Symlink("loop-b", "loop-a"),
		Symlink("slash", "dir/"), Symlink("dots", "./dir/../file"), Symlink("dot", "."),
		Symlink("dotdot", ".."), Symlink("double", "dir//inner"),
		Symlink("spaces", "a b  c "), Symlink("newline", "a\nb"), Symlink("wide", "日本語"),
		Symlink("0-before-its-target", "file"),
		Symlink("dir/back", "../file"),
		// Hard links. The first name in the order of the archive is not always the first in byte
		// order.
		File("z/one", "one\n"), Hardlink("a/one", "z/one"), Hardlink("m-one", "z/one"),
		Hardlink("z/y/x/one", "z/one"),
		File("b/two", "two\n").Perm(0o640), Hardlink("b/a/two", "b/two"),
		File("empty", ""), Hardlink("empty-too", "empty"), File("empty-alone", ""),
		Text("big", 2<<20), Hardlink("big-too", "big"),
		Symlink("sym", "file"), Hardlink("sym-hard", "sym"),
	}
}

// ReadOnly returns directories without write permission, with files, links and directories in them,
// each with its own time.
func ReadOnly() Tree {
	t := Tree{}
	dir := ""
	for i, name := range []string{"ro", "b", "c", "d"} {
		dir = path.Join(dir, name)
		at := int64(1_000_000_000 + 1000*i)
		t = append(t,
			Dir(dir).Perm(0o555).At(at),
			File(dir+"/a-file", fmt.Sprint("file ", i)).Perm(0o444).At(at+1),
			File(dir+"/z-file", fmt.Sprint("other ", i)).Perm(0o400).At(at+2),
			File(dir+"/dup", "a duplicate in each").Perm(0o444).At(at+3),
			Symlink(dir+"/link", "a-file").At(at+4),
			Hardlink(dir+"/hard", dir+"/z-file"),
			Dir(dir+"/empty").Perm(0o500).At(at+5),
			Dir(dir+"/zz-sub").Perm(0o555).At(at+6),
			File(dir+"/zz-sub/f", fmt.Sprint("sub ", i)).At(at+7))
	}
	return t
}

// Duplicates returns files with equal content of every coding, in several directories, with equal
// modes and different times, and files that are almost equal.
func Duplicates() Tree {
	t := Tree{}
	contents := []struct {
		name string
		data []byte
	}{
		{"empty", nil}, {"short", []byte("x")}, {"text", TextBytes("t", 5000)},
		{"noise", NoiseBytes("n", 5000)},
		{"segments", TextBytes("s", 2<<20+3)}, {"stored", NoiseBytes("b", 1<<20+9)},
	}
	for i, dir := range []string{"", "a/", "a/b/", "z/"} {
		for _, c := range contents {
			t = append(t, Bytes(dir+c.name, c.data).At(int64(1_100_000_000+i)))
		}
		alike := append([]byte(nil), contents[2].data...)
		alike[4999-i] ^= 1
		t = append(t, Bytes(dir+"alike", alike))
	}
	// Hard links with a duplicate that comes later, or earlier.
	return append(t, File("linked", "hard"), Hardlink("a/linked", "linked"), File("z/linked", "hard"),
		File("0-first", "then a pair"), File("m-pair", "then a pair"), Hardlink("z/m-pair", "m-pair"))
}

// Closed returns directories that their owner may not enter, with duplicates in them. Only root can
// make a link to a file in one of them.
func Closed() Tree {
	return Tree{
		Dir("a-closed").Perm(0o600), File("a-closed/file", "the same in all"),
		File("a-closed/own", "own"),
		Dir("a-closed/sub"), File("a-closed/sub/file", "the same below two"),
		Dir("b-closed").Perm(0), File("b-closed/file", "the same in all"),
		File("b-closed/twin", "the same in all"),
		Dir("open"), File("open/file", "the same in all"), File("open/other", "the same below two"),
	}
}

// ManyLinks returns a file with n names, more than tpk gives to duplicates.
func ManyLinks(n int) Tree {
	t := Tree{File("0", "one file")}
	for i := 1; i < n; i++ {
		t = append(t, Hardlink(fmt.Sprint(i), "0"))
	}
	return t
}

// Copies returns n copies of one file, more than a file may have links, and n/10 empty files.
func Copies(n int) Tree {
	t := Tree{}
	for i := range n {
		t = append(t, File(fmt.Sprintf("tile/%d/%d.png", i/100, i), "an empty tile of the sea"))
	}
	for i := range n / 10 {
		t = append(t, File(fmt.Sprintf("none/%d", i), ""))
	}
	return t
}

// Crowd returns a directory with n entries of all kinds.
func Crowd(n int) Tree {
	t := Tree{}
	for i := range n {
		p := fmt.Sprintf("crowd/%05d", i*7919%n)
		switch i % 20 {
		case 0:
			t = append(t, Dir(p))
		case 1:
			t = append(t, Symlink(p, "00000"))
		default:
			t = append(t, File(p, fmt.Sprint("file ", i)))
		}
	}
	return t
}

// Special returns FIFOs and a device, which tpk packs only with --special, and sockets, which it
// never packs.
func Special() Tree {
	return Tree{
		File("file", "x"), FIFO("fifo").Perm(0o640), FIFO("dir/fifo"), Hardlink("dir/fifo-too", "fifo"),
		Socket("socket"), Socket("dir/socket"), Device("null"), File("dir/z", "z"),
	}
}
