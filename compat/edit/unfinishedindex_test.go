package edit

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/tarpack/format"
)

// trailerTail is what is overwritten when a trailer becomes a former one.
var trailerTail = format.Trailer{}.Append(nil)[format.TrailerHead:]

// unfinishedIndexes returns archives as they are when a command that puts an index into them has
// not committed, or only its new members: nothing but the archive, with no note and no sidecar.
// Dir gets the trees old and more, which the archive was packed from and grew by.
func unfinishedIndexes(t *testing.T, dir string, numFiles int) map[string][]byte {
	t.Helper()
	names := []string{"more/c", "old/a", "old/d/b"}
	for i := range numFiles {
		names = append(names, fmt.Sprintf("old/a-name-of-some-length-%04d", i))
	}
	for _, name := range names {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("text"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, time.Time{}, time.Unix(1e9, 0)); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(dir, "made.tar.gz")
	must(t, "pack", filepath.Join(dir, "old"), name)
	plain := read(t, name)
	must(t, "index", "--embed", name)
	embedded := read(t, name)
	must(t, "add", "--append", name, filepath.Join(dir, "more"))
	grown := read(t, name)
	must(t, "index", "--no-embed", name)
	between := slices.Clone(grown)
	copy(between[len(read(t, name))-len(trailerTail):], trailerTail)
	return map[string][]byte{
		"embedding": slices.Concat(plain, embedded[len(plain):]),
		"growing":   slices.Concat(embedded, between[len(embedded):]),
		"between":   between,
	}
}

// namesIn returns what tar finds in an archive.
func namesIn(t *testing.T, archive string) []string {
	t.Helper()
	// What follows the end may end in the middle of a member.
	names := strings.Fields(string(tools.Run(t, exec.Command("tar", "-tzf", archive)).Out))
	slices.Sort(names)
	return names
}

// wantOneView checks that tpk finds in an archive what tar finds, or refuses it.
func wantOneView(t *testing.T, archive string) {
	t.Helper()
	r := tpk(t, "ls", archive)
	got := strings.Fields(string(r.Out))
	slices.Sort(got)
	switch {
	case r.Code == 1 && len(got) == 0 && strings.Contains(string(r.Err), "'tpk repair' cuts"):
	case r.Code != 0 || !slices.Equal(got, namesIn(t, archive)):
		t.Errorf("tar finds %q, and tpk: %v", namesIn(t, archive), r)
	}
}

// TestUnfinishedIndex gives archives to every command whose index was not committed. None takes
// more or less from them than tar, and only repair changes them.
func TestUnfinishedIndex(t *testing.T) {
	tools.Path(t, "tar")
	for _, numFiles := range []int{0, 1000} {
		dir := tools.Dir(t)
		for what, b := range unfinishedIndexes(t, dir, numFiles) {
			t.Run(fmt.Sprintf("%s/%d", what, numFiles), func(t *testing.T) {
				testUnfinished(t, dir, b)
			})
		}
	}
}

func testUnfinished(t *testing.T, trees string, b []byte) {
	archive := filepath.Join(tools.Dir(t), "x.tar.gz")
	fixture.WriteFiles(t, map[string][]byte{archive: b})
	names, grown := namesIn(t, archive), namesIn(t, filepath.Join(trees, "made.tar.gz"))
	for command, made := range map[string]string{ // by a command that need not refuse
		"ls F": "", "cat F a": "", "info F": "", "export F OUT.zip": "", "merge OUT.tar.gz F OK": "",
		"split --shards 2 F": "", "diff F OK": "", "cat F c": "", "extract -C OUT F": "out",
		"export F OUT.tar.gz": "out.tar.gz", "convert F OUT.tar.gz": "out.tar.gz",
		"repair F OUT.tar.gz": "out.tar.gz", "repair F": "x.tar.gz",
		"verify F": "-", "add F MORE": "-", "add --append F MORE": "-", "update F OLD": "-",
		"rm F a": "-", "compact F": "-", "index F": "-", "index --embed F": "-",
		"index --no-embed F": "-", "pack --base F OLD OUT.tar.gz": "-",
	} {
		work := tools.Dir(t)
		archive := filepath.Join(work, "x.tar.gz")
		fixture.WriteFiles(t, map[string][]byte{archive: b})
		args := strings.Fields(strings.NewReplacer("F", archive, "OK",
			filepath.Join(trees, "made.tar.gz"), "OUT", filepath.Join(work, "out"), "OLD",
			filepath.Join(trees, "old"), "MORE", filepath.Join(trees, "more")).Replace(command))
		r := tpk(t, args...)
		repairs := command == "repair F"
		if bytes.Equal(read(t, archive), b) == repairs {
			t.Errorf("the archive is changed: %v, by %v", !repairs, r)
		}
		wantOneView(t, archive)
		switch {
		case repairs && (r.Code > 0 || tpk(t, "verify", archive).Code > 0):
			t.Errorf("not repaired: %v", r)
		case made == "-" && r.Code == 0:
			t.Errorf("not refused: %v", r)
		case command == "diff F OK" && r.Code < 2:
			if (r.Code == 0) != slices.Equal(names, grown) {
				t.Errorf("tar finds %q and %q: %v", names, grown, r)
			}
		case command == "cat F c" && r.Code == 0:
			if !slices.Contains(names, "c") {
				t.Errorf("tar finds %q: %v", names, r)
			}
		case made == "out" && r.Code == 0:
			_, err := os.Stat(filepath.Join(work, "out", "c"))
			if (err == nil) != slices.Contains(names, "c") {
				t.Errorf("tar finds %q: %v", names, r)
			}
		case strings.HasSuffix(made, ".gz") && r.Code == 0:
			if got := namesIn(t, filepath.Join(work, made)); !slices.Equal(got, names) {
				t.Errorf("it has %q, not %q, after %v", got, names, r)
			}
		}
		if !repairs && !strings.Contains(string(r.Err), "an append was not finished") &&
			!strings.Contains(string(r.Out), "behind its end left out") {
			t.Errorf("it says nothing of an unfinished append: %v", r)
		}
	}
	if status := served(t, archive, "/c"); status > 0 &&
		(status == http.StatusOK) != slices.Contains(names, "c") {
		t.Errorf("tar finds %q, and /c is served with status %d", names, status)
	}
}

// served returns the status with which tpk serves a path of an archive, or 0 if it refuses to.
func served(t *testing.T, archive, path string) int {
	t.Helper()
	cmd := exec.Command(tools.TPK(t), "serve", "--listen", "127.0.0.1:0", archive)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	for r := bufio.NewScanner(stderr); r.Scan(); {
		if _, url, ok := strings.Cut(r.Text(), "serving on "); ok {
			answer, err := http.Get(url + path)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			return answer.StatusCode
		}
	}
	return 0
}
