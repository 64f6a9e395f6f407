package python

import (
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
)

// TestReadmeScripts runs the commands of docs/manual/reading.md that make archives of the files of
// other packs.
func TestReadmeScripts(t *testing.T) {
	t.Parallel()
	dir, repo := tools.Dir(t), tools.Repo(t)
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "directory-of-the-pack"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(repo, "python"), filepath.Join(dir, "python")); err != nil {
		t.Fatal(err)
	}
	one := binary.LittleEndian.AppendUint64(nil, 1)
	write("old.fpack", fmt.Sprintf("\x01%s%-256s%-128s%s1", one, "/base", "d/a", one))
	path, content := md5.Sum([]byte("d/a")), md5.Sum([]byte("1"))
	write("directory-of-the-pack/BigPack.data", "BigPack1.0.1"+"\x01\x00\x00\x00\x00"+
		string(content[:10])+"\x00"+"1")
	write("directory-of-the-pack/BigPack.index", fmt.Sprintf(
		"#FileName\nd/a\t%x\t%x\t644\t1541620881\t1541620891\t12\n", path[:10], content[:10]))

	readme, err := os.ReadFile(filepath.Join(repo, "docs/manual/reading.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## Python\n")
	_, block, _ := strings.Cut(section, "```sh\n")
	block, _, _ = strings.Cut(block, "```\n")
	ran := 0
	for line := range strings.Lines(block) {
		script := fmt.Sprintf(`set -e; rm -f new.tar.gz*
python() { %s "$@"; }
tpk() { "$TPK" "$@"; }
%stpk cat new.tar.gz d/a`, interpreter(t), line)
		cmd := command(t, "sh", "-c", script)
		cmd.Dir = dir
		if got := string(tools.Must(t, cmd)); got != "1" {
			t.Errorf("%s: %q", line, got)
		}
		ran++
	}
	if ran != 2 {
		t.Errorf("%d commands", ran)
	}
}
