package serve

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/export"
)

// TestFolderClients fetches a folder in both formats: whole, resumed, and in four parts at a time.
func TestFolderClients(t *testing.T) {
	files := map[string]string{"other/x": "x"}
	for name, content := range tree() {
		files["folder/"+name] = content
	}
	archive := packTree(t, files)
	a, err := tarpack.Open(context.Background(), archive, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	base := "http://" + start(t, serve.Options{Archives: []serve.Archive{{Path: archive}}}) +
		"/folder/?list&download="
	for _, format := range []export.Format{export.TarGz, export.Zip} {
		t.Run(format.String(), func(t *testing.T) {
			f, err := export.Folder(a, "folder", format)
			if err != nil {
				t.Fatal(err)
			}
			var want bytes.Buffer
			if _, err := f.WriteTo(&want); err != nil {
				t.Fatal(err)
			}
			url, dir := base+format.String(), t.TempDir()
			for _, at := range []int{0, 1, 70_000, want.Len() / 2, want.Len() - 1} {
				for name, args := range map[string][]string{
					"curl": {"-sS", "--fail", "-C", "-", "-o", filepath.Join(dir, "out")},
					"wget": {"-q", "-c", "-O", filepath.Join(dir, "out")},
				} {
					if err := os.WriteFile(filepath.Join(dir, "out"), want.Bytes()[:at], 0o644); err != nil {
						t.Fatal(err)
					}
					run(t, name, append(args, url)...)
					if read(t, filepath.Join(dir, "out")) != want.String() {
						t.Errorf("%s from %d: other bytes", name, at)
					}
				}
			}
			run(t, "aria2c", "-q", "-x4", "-s4", "-k1M", "--min-split-size=1M", "-d", dir, "-o", "parts",
				url)
			if read(t, filepath.Join(dir, "parts")) != want.String() {
				t.Error("aria2c -x4: other bytes")
			}
			// It is saved under the name that the server gives.
			run(t, "wget", "-q", "--content-disposition", "-P", dir, url)
			if read(t, filepath.Join(dir, "folder."+format.String())) != want.String() {
				t.Error("wget --content-disposition: other bytes")
			}
		})
	}
}
