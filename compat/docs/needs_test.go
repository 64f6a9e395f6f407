package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
)

// s3Setup starts a server for S3 with the bucket "bucket", which tpk asks instead of Amazon's.
const s3Setup = `export AWS_ACCESS_KEY_ID=access AWS_SECRET_ACCESS_KEY=secret-key
export AWS_ENDPOINT_URL=http://127.0.0.1:9000
gofakes3 -quiet -host 127.0.0.1:9000 -backend memory -initialbucket bucket &
await "${AWS_ENDPOINT_URL##*:}"`

// mountSetup makes the directories of examples in the directory of the test. What is mounted there
// when the shell ends is unmounted.
const mountSetup = `map /mnt/ "$PWD/mnt/"; map /srv/ "$PWD/srv/"
mkdir -p mnt/site mnt/merged srv/train
trap 'umount mnt/* srv/train 2>/dev/null; kill $(jobs -p) 2>/dev/null; wait' EXIT`

// needed returns the hidden commands that a block begins with whose page has "needs: S3" or "needs:
// FUSE" before it. ok is false if this machine can't run the block.
func needed(t *testing.T, what string) (setup string, ok bool) {
	t.Helper()
	switch what {
	case "S3":
		bin := filepath.Join(tools.Repo(t), ".work", "bin")
		if _, err := os.Stat(filepath.Join(bin, "gofakes3")); err == nil {
			return "PATH=$PATH:" + bin + "\n" + s3Setup, true
		}
		_, err := exec.LookPath("gofakes3")
		if err != nil && os.Getenv("COMPAT") == "require" {
			tools.Missing(t, "gofakes3")
		}
		return s3Setup, err == nil
	case "FUSE":
		_, err := os.Stat("/dev/fuse")
		return mountSetup, err == nil && os.Getuid() == 0
	}
	t.Fatalf("%q: there is nothing with this name to need", what)
	return "", false
}
