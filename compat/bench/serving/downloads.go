package serving

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/tarpack/tpk/compat/bench/measure"
	"github.com/tarpack/tpk/compat/bench/trees"
)

// RunDownloads measures a folder as a download, next to nginx with the same bytes in a file, and
// next to tar and gzip.
func RunDownloads(b *measure.Bench) error {
	real, err := trees.First(b)
	if err != nil {
		return err
	}
	n := min(b.Files, 100_000)
	small, err := trees.Files(b, n)
	if err != nil {
		return err
	}
	for _, t := range []trees.Tree{real, small} {
		for _, format := range []string{"tar.gz", "zip"} {
			if err := download(b, t, format); err != nil {
				return err
			}
		}
	}
	return nil
}

// download measures one format.
func download(b *measure.Bench, t trees.Tree, format string) error {
	name := fmt.Sprintf("Download/format=%s/tree=%s", format, t.Name)
	if !b.Wanted(name+"/download=first") && !b.Wanted(name+"/download=again") {
		return nil
	}
	dir, err := b.Dir("download")
	if err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	// The whole archive would be sent as a file, so a folder in it is requested.
	site := site{b: b, tree: t, www: dir, archive: filepath.Join(dir, "one.tar.gz")}
	if err := site.below("folder"); err != nil {
		return err
	}
	file := "folder." + format
	if err := measure.Run(b.Tpk, "export", site.archive+":folder",
		filepath.Join(dir, file)); err != nil {
		return err
	}
	size, err := measure.Size(filepath.Join(dir, file))
	if err != nil {
		return err
	}
	b.Logf("%s: %d rounds", name, b.Rounds)
	for round := range b.Rounds {
		// The servers are new: the first download of a folder has to be planned.
		servers := []*server{site.tpk(), site.nginx("nginx-file", "sendfile on;")}
		if servers, err = startAll(b, servers); err != nil {
			stop(servers)
			return err
		}
		for i := range servers {
			s := servers[(i+round)%len(servers)]
			url := "http://" + s.address + "/folder/?list&download=" + format
			if s.tool != "tpk" {
				url = "http://" + s.address + "/" + file
			}
			for _, again := range []string{"first", "again"} {
				if err := s.fetch(b, name+"/download="+again, url, size.Of); err != nil {
					stop(servers)
					return err
				}
			}
		}
		stop(servers)
	}
	if format != "tar.gz" {
		return nil
	}
	return b.Contest(name+"/download=first", 1, []measure.Contestant{
		{Tool: "tar-gzip", Once: true, Command: []string{"sh", "-c", `tar -c -C "$1" . | gzip > "$2"`,
			"sh", t.Dir, filepath.Join(dir, "made.tar.gz")}},
	})
}

// below makes an archive that has the tree in a directory.
func (s site) below(folder string) error {
	empty, err := s.b.Dir("empty")
	if err != nil {
		return err
	}
	if err := measure.Run(s.b.Tpk, "pack", empty, s.archive); err != nil {
		return err
	}
	return measure.Run(s.b.Tpk, "add", "--into", folder, s.archive, s.tree.Dir)
}

// fetch downloads once.
func (s *server) fetch(b *measure.Bench, name, url string, size float64) error {
	before := s.cpu()
	out, err := exec.Command("curl", "-sSf", "-o", os.DevNull, "-w",
		"%{time_total} %{time_starttransfer} %{size_download}", url).Output()
	if err != nil {
		return fmt.Errorf("%s: %w", url, err)
	}
	var wall, first, got float64
	if _, err := fmt.Sscan(string(out), &wall, &first, &got); err != nil {
		return fmt.Errorf("curl prints %q: %w", out, err)
	}
	if got != size {
		return fmt.Errorf("%s: %.0f bytes, not %.0f", url, got, size)
	}
	s.record(b, name, []measure.Value{
		{Of: size / wall, Unit: "B/s"}, {Of: first, Unit: "first-sec"},
		{Of: (s.cpu() - before).Seconds(), Unit: "cpu-sec/op"}, {Of: size, Unit: "B"},
	})
	return nil
}
