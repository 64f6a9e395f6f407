package tartest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tarpack/tpk/internal/filetest"
	"github.com/tarpack/tpk/internal/goroutines"
	"github.com/tarpack/tpk/tarpack/attributes"
	"github.com/tarpack/tpk/tarpack/exclude"
	"github.com/tarpack/tpk/tarpack/format"
)

// An Option is a field of an option struct: a value other than zero, and the effect that it has.
type Option struct {
	Field  string
	Value  any
	Effect func(zero, set *Outcome) bool
}

// An Outcome is what a function has done, as far as options can change it.
type Outcome struct {
	Paths   []string         // of the archive that was written, in its order; nil if none was
	Entries map[string]Entry // by path
	Bytes   int              // size of the archive
	Sums    bool             // the archive, or the last one, has SHA-256 sums in its index
	Shard   bool             // the archive, or the last one, is a shard of a set
	Files   []string         // names below the directory that options can change

	mu         sync.Mutex
	calls      map[string]int // of the struct's functions, by field
	goroutines int            // the largest number during a call
}

// An Entry is an entry of an archive as archive/tar reads it.
type Entry struct {
	tar.Header
	Content string
}

// CheckOptions checks that run heeds every field of its options. Each function in the struct must
// be called, and each other field must be in options and have its effect there. Run returns what it
// has done with the options that it was called with. It must handle more than packer.Lookahead
// entries, so that all workers are there when an entry is done.
func CheckOptions[T any](t *testing.T, run func(t *testing.T, o T) *Outcome, options ...Option) {
	t.Helper()
	do := func(t *testing.T, option *Option) *Outcome {
		var o T
		calls := &Outcome{calls: map[string]int{}}
		setFunctions(reflect.ValueOf(&o).Elem(), calls)
		if option != nil {
			reflect.ValueOf(&o).Elem().FieldByName(option.Field).Set(reflect.ValueOf(option.Value))
		}
		out := run(t, o)
		out.calls, out.goroutines = calls.calls, calls.goroutines
		return out
	}
	zero := do(t, nil)
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		if f.Type.Kind() == reflect.Func {
			if zero.calls[f.Name] == 0 {
				t.Errorf("%s is never called", f.Name)
			}
			continue
		}
		i := slices.IndexFunc(options, func(o Option) bool { return o.Field == f.Name })
		if i < 0 {
			t.Errorf("no test sets %s", f.Name)
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			if !options[i].Effect(zero, do(t, &options[i])) {
				t.Errorf("%s = %v has no effect", f.Name, options[i].Value)
			}
		})
	}
	for _, o := range options {
		if _, ok := reflect.TypeFor[T]().FieldByName(o.Field); !ok {
			t.Errorf("there is no field %s", o.Field)
		}
	}
}

// setFunctions sets each field of a struct that is a function to one that counts its calls. If the
// function returns a limit, it limits nothing.
func setFunctions(o reflect.Value, calls *Outcome) {
	for i := range o.NumField() {
		f := o.Field(i)
		if f.Kind() != reflect.Func {
			continue
		}
		name := o.Type().Field(i).Name
		f.Set(reflect.MakeFunc(f.Type(), func([]reflect.Value) []reflect.Value {
			calls.mu.Lock()
			defer calls.mu.Unlock()
			calls.calls[name]++
			calls.goroutines = max(calls.goroutines, goroutines.Count())
			if f.Type().NumOut() == 0 {
				return nil
			}
			return []reflect.Value{reflect.ValueOf(int64(math.MaxInt64))}
		}))
	}
}

// WorkersOption is the field Workers of any option struct.
func WorkersOption() Option {
	return Option{"Workers", 100, func(zero, set *Outcome) bool {
		return set.goroutines-zero.goroutines > 100-runtime.GOMAXPROCS(0)-20
	}}
}

// DryRunOption is the field DryRun of any option struct. Without it the paths of the archive, or
// their order, must change.
func DryRunOption() Option {
	return Option{"DryRun", true, func(zero, set *Outcome) bool {
		return !slices.Equal(zero.Paths, set.Paths)
	}}
}

// DedupOption is the field Dedup. Without it "b.txt" must become a link to "a.txt".
func DedupOption() Option {
	return Option{"Dedup", format.DedupOff, func(zero, set *Outcome) bool {
		return zero.Entries["b.txt"].Typeflag == tar.TypeLink &&
			set.Entries["b.txt"].Typeflag == tar.TypeReg
	}}
}

// SHA256Option is the field SHA256.
func SHA256Option() Option {
	return Option{"SHA256", true, func(zero, set *Outcome) bool { return !zero.Sums && set.Sums }}
}

// LevelOption is the field Level. The archive must have text in it.
func LevelOption() Option {
	return Option{"Level", 1, func(zero, set *Outcome) bool { return set.Bytes > zero.Bytes }}
}

// PackingOptions are the fields that all functions have which pack an OptionsTree.
func PackingOptions(t *testing.T) []Option {
	patterns := &exclude.Patterns{}
	if err := patterns.Add("*.log"); err != nil {
		t.Fatal(err)
	}
	store := &exclude.Patterns{}
	if err := store.Add("a.txt"); err != nil {
		t.Fatal(err)
	}
	latest := time.Unix(1600000000, 0)
	mode, err := attributes.ParseMode("u=rw,go=", 0)
	if err != nil {
		t.Fatal(err)
	}
	return []Option{
		{"Include", patterns, func(zero, set *Outcome) bool {
			return slices.Contains(zero.Paths, "a.txt") && slices.Contains(set.Paths, "x.log") &&
				!slices.Contains(set.Paths, "a.txt")
		}},
		{"Dereference", true, func(zero, set *Outcome) bool {
			return zero.Entries["link"].Typeflag == tar.TypeSymlink &&
				set.Entries["link"].Typeflag != tar.TypeSymlink
		}},
		{"OneFileSystem", true, func(zero, set *Outcome) bool {
			return slices.Contains(zero.Paths, "other/f") && slices.Contains(set.Paths, "other") &&
				!slices.Contains(set.Paths, "other/f")
		}},
		{"Mode", mode, func(zero, set *Outcome) bool {
			return zero.Entries["a.txt"].Mode != 0o600 && set.Entries["a.txt"].Mode == 0o600
		}},
		{"Owner", &attributes.Owner{ID: 7, Name: "seven"}, func(zero, set *Outcome) bool {
			h := set.Entries["x.log"]
			return zero.Entries["x.log"].Uid == 0 && h.Uid == 7 && h.Uname == "seven" && h.Gid == 0
		}},
		{"Group", &attributes.Owner{ID: 8, Name: "eight"}, func(zero, set *Outcome) bool {
			h := set.Entries["x.log"]
			return zero.Entries["x.log"].Gid == 0 && h.Gid == 8 && h.Gname == "eight" && h.Uid == 0
		}},
		{"ModTime", latest, func(zero, set *Outcome) bool {
			return !zero.Entries["x.log"].ModTime.Equal(latest) &&
				set.Entries["x.log"].ModTime.Equal(latest) && set.Entries["many"].ModTime.Equal(latest)
		}},
		LevelOption(), WorkersOption(), DedupOption(),
		{"Exclude", patterns, func(zero, set *Outcome) bool {
			return slices.Contains(zero.Paths, "x.log") && !slices.Contains(set.Paths, "x.log")
		}},
		{"Store", store, func(zero, set *Outcome) bool {
			return set.Bytes-zero.Bytes > len(zero.Entries["a.txt"].Content)*9/10
		}},
		{"PreserveOwner", true, func(zero, set *Outcome) bool {
			return zero.Entries["a.txt"].Uid == 0 && set.Entries["a.txt"].Uid != 0
		}},
		{"Special", true, func(zero, set *Outcome) bool {
			return !slices.Contains(zero.Paths, "pipe") && set.Entries["pipe"].Typeflag == tar.TypeFifo
		}},
		{"LatestModTime", latest, func(zero, set *Outcome) bool {
			return zero.Entries["a.txt"].ModTime.After(latest) && set.Entries["a.txt"].ModTime.Equal(latest)
		}},
	}
}

// DirOptions are the fields of functions that make an archive of one OptionsTree.
func DirOptions() []Option {
	return []Option{
		{"Prefix", "a/b", func(_, set *Outcome) bool {
			return slices.Contains(set.Paths, "a/b/a.txt") && !slices.Contains(set.Paths, "a.txt") &&
				set.Entries["a/b"].Mode == 0o755
		}},
		{"ExactNames", []string{"many", "other/", "other/f"}, func(_, set *Outcome) bool {
			slices.Sort(set.Paths)
			return slices.Equal(slices.Compact(set.Paths), []string{"many", "other", "other/f"})
		}},
		{"Names", []string{"many/007", "./x.log"}, func(_, set *Outcome) bool {
			slices.Sort(set.Paths)
			return slices.Equal(slices.Compact(set.Paths), []string{"many", "many/007", "x.log"})
		}},
	}
}

// SkipUnreadableOption is the field SkipUnreadable. With it, Unreadable must be called first.
func SkipUnreadableOption() Option {
	return Option{"SkipUnreadable", true, func(zero, set *Outcome) bool {
		return slices.Contains(zero.Paths, "other/f") && !slices.Contains(set.Paths, "other/f") &&
			slices.Contains(set.Paths, "x.log")
	}}
}

// EmbedIndexOption is the field EmbedIndex: one member of the index makes the archive larger.
func EmbedIndexOption() Option {
	return Option{Field: "EmbedIndex", Value: true, Effect: func(zero, set *Outcome) bool {
		return set.Bytes >= zero.Bytes+16<<10
	}}
}

// StreamOptions are the fields Sidecar and Shard of functions that write to a stream.
func StreamOptions() []Option {
	side := &bytes.Buffer{}
	return []Option{
		{Field: "Sidecar", Value: side, Effect: func(_, _ *Outcome) bool { return side.Len() > 0 }},
		{Field: "Shard", Value: true, Effect: func(zero, set *Outcome) bool {
			return !zero.Shard && set.Shard
		}},
	}
}

// RemoveFilesOption is the field RemoveFiles. Files must be those of the source.
func RemoveFilesOption() Option {
	return Option{"RemoveFiles", true, func(zero, set *Outcome) bool {
		return slices.Contains(zero.Files, "a.txt") && !slices.Contains(set.Files, "a.txt")
	}}
}

// OptionsTree returns a directory with something for every option: duplicates, a log, a FIFO, and
// text that a higher level makes smaller. It has more files than a packer looks ahead, and those in
// more.
func OptionsTree(t *testing.T, more ...[2]string) string {
	text := Text("options", 200_000)
	files := [][2]string{
		{"a.txt", text}, {"b.txt", text}, {"x.log", "a log"}, {"other/f", ""},
	}
	for i := range 300 {
		files = append(files, [2]string{fmt.Sprintf("many/%03d", i), ""})
	}
	dir := Tree(t, append(files, more...)...)
	if err := filetest.Mkfifo(filepath.Join(dir, "pipe")); err != nil && filetest.HasFIFOs {
		t.Fatal(err)
	}
	filetest.NeedSymlinks(t)
	if err := os.Symlink("x.log", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		if err := os.Chown(filepath.Join(dir, "a.txt"), 1000, 1000); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// OutcomeOf returns the entries of archives, one after the other. Files are the names below dir.
func OutcomeOf(t *testing.T, dir string, archives ...string) *Outcome {
	t.Helper()
	o := &Outcome{Entries: map[string]Entry{}}
	for _, name := range archives {
		b, err := os.ReadFile(name)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		o.AddArchive(t, b)
	}
	for _, line := range Found(t, dir) {
		name, _, _ := strings.Cut(line, " ")
		o.Files = append(o.Files, name)
	}
	return o
}

// AddArchive adds the entries of an archive.
func (o *Outcome) AddArchive(t *testing.T, archive []byte) {
	t.Helper()
	o.Bytes += len(archive)
	if trailer, err := format.ParseTrailer(archive[len(archive)-format.EndSize:]); err == nil {
		o.Sums, o.Shard = trailer.HasSHA256(), trailer.IsShard()
	}
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		path := strings.TrimSuffix(h.Name, "/")
		o.Paths = append(o.Paths, path)
		o.Entries[path] = Entry{*h, string(b)}
	}
}
