package browse

import (
	"time"

	"github.com/tarpack/tpk/serve/internal/archives"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/live"
	"github.com/tarpack/tpk/serve/internal/plain"
	"github.com/tarpack/tpk/sidecar"
)

// liveTypes are the types of entries of a directory that is followed.
var liveTypes = [...]sidecar.Type{live.Regular: sidecar.TypeFile, live.Folder: sidecar.TypeDir,
	live.Link: sidecar.TypeSymlink}

// walkLive is walk for a directory that is followed, whose names are in memory.
func (s *searcher) walkLive(l *archives.LiveDir, dir *plain.Dir, mount string) error {
	var outage error
	l.Dir.Walk(func(path string, kind live.Kind, stamp changetime.Stamp) {
		path = paths.Join(mount, path)
		if _, inside := paths.Below(s.dir, path); !inside || path == s.dir || outage != nil {
			return
		}
		if _, ok := s.m.Match(path); !ok || s.o.Hidden(path) ||
			kind == live.Folder && s.o.Hidden(path+"/") {
			return
		}
		if kind == live.Link {
			shown, err := answered(dir, mount, path, s.o.Hidden)
			if outage = err; err != nil || !shown {
				return
			}
		}
		ch := child{source: archives.PlainSource, typ: liveTypes[kind], packed: -1,
			modTime: time.Unix(0, stamp.Modified).Unix()}
		if kind == live.Regular {
			ch.size = stamp.Size
		}
		s.plain = append(s.plain, plainItem{ch.plainItem(path), dir})
	})
	return outage
}
