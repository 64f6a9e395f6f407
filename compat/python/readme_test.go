package python

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

var block = regexp.MustCompile("(?s)```python\n(.*?)```")

// TestReadme runs the Python of README.md and of pages.
func TestReadme(t *testing.T) {
	t.Parallel()
	dir := tools.Dir(t)
	tree := filepath.Join(dir, "tree")
	fixture.WriteTree(t, trees.Tree{
		trees.File("docs/guide.html", "<p>guide\n"), trees.File("train/0001.jpg", "jpeg"),
	}, tree)
	for _, name := range []string{"site.tar.gz", "data.tar.gz"} {
		fixture.Pack(t, tree, filepath.Join(dir, name))
	}
	for file, want := range map[string]string{
		"docs/manual/reading.md": "<p>guide\n ['guide.html']\n",
		"docs/manual/folders.md": "",
		"docs/guide/datasets.md": "4 b'jpeg'\n",
		"python/README.md":       "b'jpeg'\n['0001.jpg'] ['train/0001.jpg']\n",
	} {
		text, err := os.ReadFile(filepath.Join(tools.Repo(t), file))
		if err != nil {
			t.Fatal(err)
		}
		var program string
		for _, b := range block.FindAllSubmatch(text, -1) {
			program += string(b[1])
		}
		cmd := command(t, interpreter(t), "-c", program)
		cmd.Env = append(cmd.Env, "PYTHONPATH="+cmd.Dir)
		cmd.Dir = dir
		if r := tools.Run(t, cmd); r.Code != 0 || !strings.HasSuffix(string(r.Out), want) {
			t.Errorf("%s: %v", file, r)
		}
	}
}
