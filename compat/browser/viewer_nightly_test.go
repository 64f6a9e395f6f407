//go:build nightly

package browser

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/website"
)

// large is the size of a file in which the browser seeks.
const large = 1 << 30

// counter returns bytes of the large file: each 8 bytes are their own number, and every second MiB
// is mixed up, so that it can't be compressed.
func counter(off, n int64) []byte {
	var b []byte
	for i := off / 8; i*8 < off+n; i++ {
		v := uint64(i)
		if i>>17&1 == 1 {
			v = (v * 0x9e3779b97f4a7c15) ^ v<<29
		}
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return b[off%8:][:n]
}

// fileSum returns the SHA-256 of the file that a reference without a query names in a tree, or "".
func fileSum(t *testing.T, dir, ref string) string {
	t.Helper()
	path, err := url.PathUnescape(ref)
	if err != nil || strings.Contains(ref, "?") {
		return ""
	}
	if ext := filepath.Ext(path); ext == ".svgz" || ext == ".pbf" { // are sent inflated
		return ""
	}
	b, err := os.ReadFile(filepath.Join(dir, path))
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// TestViewerTree: 500 random files of a real tree, and all of writeWebTree, are those of the tree,
// from nginx and from an S3 server. So are ranges of a file of 1 GiB.
func TestViewerTree(t *testing.T) {
	repo, dir, root := tools.Repo(t), filepath.Join(tools.Dir(t), "tree"),
		filepath.Join(tools.Dir(t), "site")
	real := strings.TrimSpace(string(tools.Must(t,
		exec.Command(filepath.Join(repo, "compat", "get-tree.sh"), "rust-doc"))))
	tools.Must(t, exec.Command("cp", "-a", real, dir))
	writeWebTree(t, filepath.Join(dir, "extra"))
	f, err := os.Create(filepath.Join(dir, "large.bin"))
	if err != nil {
		t.Fatal(err)
	}
	for off := int64(0); off < large; off += 1 << 20 {
		if _, err := f.Write(counter(off, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	packWeb(t, dir, root, pack.Options{}, website.Options{})
	other := tpkServe(t, filepath.Join(root, "site.tar.gz"))
	paths := webPaths(t, dir)
	rand.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	var chosen []string
	var files, others int
	for _, path := range paths {
		if path == "large.bin" || strings.HasSuffix(path, "?list") {
			continue
		}
		count := &others
		if fileSum(t, dir, path) != "" {
			count = &files
		}
		extra := strings.HasPrefix(path, "extra/") && !strings.Contains(path, "/many/")
		if extra || *count < 500 {
			chosen = append(chosen, path)
			*count++
		}
	}
	nginxURL, nginxRoot := nginx(t, "")
	if err := os.Remove(nginxRoot); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(root, nginxRoot); err != nil {
		t.Fatal(err)
	}
	for name, base := range map[string]string{"nginx": nginxURL + "/", "S3": bucket(t, root)} {
		t.Run(name, func(t *testing.T) {
			p := newTabFor(t, desktop, 20*time.Minute)
			p.expectLog("Failed to load resource")
			p.opened(base+"index.html", `document.readyState == "complete"`)
			compared := 0
			for i, got := range p.fetchAll(base, append([]string(nil), chosen...), "") {
				want := ask(t, other, chosen[i], "")
				switch {
				case want.Status == 404: // this tree has no page for it
					want.Type, want.Sum = got.Type, got.Sum
				case strings.HasSuffix(want.Path, "/") && want.Type == got.Type:
					want.Sum = got.Sum // a list of a folder
				}
				if got != want {
					t.Errorf("%s:\n%+v, tpk serve has\n%+v", chosen[i], got, want)
				}
				if sum := fileSum(t, dir, chosen[i]); sum != "" && got.Status == 200 {
					compared++
					if got.Sum != sum {
						t.Errorf("%s is not the file of the tree", chosen[i])
					}
				}
			}
			if compared < 500 {
				t.Errorf("%d files were compared with the tree", compared)
			}
			for range 50 {
				off := rand.Int64N(large - 1)
				n := min(1+rand.Int64N(3<<20), large-off)
				got := p.fetchAll(base, []string{"large.bin"}, fmt.Sprintf("bytes=%d-%d", off, off+n-1))[0]
				want := ask(t, other, "large.bin", fmt.Sprintf("bytes=%d-%d", off, off+n-1))
				if got != want || got.Status != 206 {
					t.Errorf("%d from %d: %+v, tpk serve has %+v", n, off, got, want)
				}
			}
		})
	}
}
