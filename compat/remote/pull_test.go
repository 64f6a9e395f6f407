package remote

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/pull"
	"github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/source"
)

// editions packs one tree three times. Every time differs, and so do some files and one of four MiB
// of noise.
func editions(t *testing.T, flags ...string) (list [3]generation, names [3]string) {
	t.Helper()
	dir := filepath.Join(tools.Dir(t), "tree")
	for k := range list {
		writeTree(t, dir, 300, 1)
		b := random(4<<20, 1)
		copy(b, random(1<<20, byte(k)))
		for name, content := range map[string][]byte{
			"noise": b, "d3/f3": {byte(k)}, "new": random(k, 1), "d9/late": random(100_000, byte(k)),
		} {
			if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		at := time.Unix(1_700_000_000+int64(k), 0)
		err := filepath.Walk(dir, func(name string, _ os.FileInfo, err error) error {
			return errors.Join(err, os.Chtimes(name, at, at))
		})
		if err != nil {
			t.Fatal(err)
		}
		names[k] = filepath.Join(tools.Dir(t), "a.tar.gz")
		fixture.Pack(t, dir, names[k], flags...)
		if list[k].archive, err = os.ReadFile(names[k]); err != nil {
			t.Fatal(err)
		}
		if list[k].side, err = os.ReadFile(names[k] + format.SidecarSuffix); err != nil {
			t.Fatal(err)
		}
	}
	return list, names
}

// pulled pulls an archive as the command does: it starts again if the archive was replaced.
func pulled(
	t *testing.T, url, name string, o *remote.Options, po pull.Options,
) (res pull.Result, err error) {
	t.Helper()
	for range 2 {
		a, err := remote.Open(t.Context(), url, o)
		if err != nil {
			return res, err
		}
		res, err = pull.Pull(t.Context(), a, name, po)
		err = errors.Join(err, a.Close())
		if !errors.Is(err, source.ErrChanged) {
			return res, err
		}
	}
	return res, err
}

// An archive in S3 and on nginx is pulled over an older edition, and while it is replaced: the
// result is one of the editions, byte for byte.
func TestPull(t *testing.T) {
	g, store, host, root, client := bothServers(t)
	list, names := editions(t, "--sha256")
	for url, put := range map[string]func(e generation){
		"s3://" + bucket + "/a.tar.gz": func(e generation) {
			g.put(t, "a.tar.gz"+format.SidecarSuffix, e.side, 0)
			g.put(t, "a.tar.gz", e.archive, 0)
		},
		host + "/a.tar.gz": func(e generation) {
			replace(t, filepath.Join(root, "a.tar.gz"+format.SidecarSuffix), e.side, time.Now())
			replace(t, filepath.Join(root, "a.tar.gz"), e.archive, time.Now())
		},
	} {
		o := &remote.Options{S3: store, Web: client}
		put(list[1])
		name := filepath.Join(tools.Dir(t), "a.tar.gz")
		res, err := pulled(t, url, name, o, pull.Options{Old: names[0]})
		if err != nil {
			t.Fatal(err)
		}
		if edition(t, name, list) != 1 || res.Copied < 2<<20 || res.Fetched > 9<<18 {
			t.Errorf("%s: %+v", url, res)
		}
		// It is replaced when the first bytes have come. The requests that follow fail.
		var replaced atomic.Bool
		_, err = pulled(t, url, name, o, pull.Options{Old: names[0], Parallel: 1,
			Progress: func(pull.Progress) {
				if !replaced.Swap(true) {
					put(list[2])
				}
			}})
		if err != nil || edition(t, name, list) != 2 {
			t.Errorf("%s: edition %d, %v", url, edition(t, name, list), err)
		}
	}
}

// edition returns which edition an archive is, and fails if it is none.
func edition(t *testing.T, name string, list [3]generation) int {
	t.Helper()
	archive, err := os.ReadFile(name)
	side, errSide := os.ReadFile(name + format.SidecarSuffix)
	if err != nil || errSide != nil {
		t.Fatal(err, errSide)
	}
	for k, e := range list {
		if bytes.Equal(archive, e.archive) && bytes.Equal(side, e.side) {
			return k
		}
	}
	t.Errorf("%s: it is no edition", name)
	return -1
}
