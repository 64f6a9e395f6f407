package serve

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/tarpack/tpk/serve/internal/archives"
)

const (
	settle = 300 * time.Millisecond // from the last event to the reload: there are two files
	look   = 10 * time.Second       // between looks at the files: not all file systems send events
)

// Watch reloads archives when their files have changed, until ctx ends. Run calls it with
// RunOptions.Watch; a program that mounts Handler calls it after Load.
func (s *Server) Watch(ctx context.Context) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		s.options.Log("watching by looking every " + look.String() + ": " + err.Error())
		w = &fsnotify.Watcher{}
	} else {
		defer w.Close()
	}
	tick := time.NewTicker(look)
	defer tick.Stop()
	quiet := time.NewTimer(settle)
	var failed []string // stale after the last failure, and not tried again before something happens
	var said string     // about it, which is not said again
	for {
		s.watchDirs(w)
		select {
		case <-ctx.Done():
			return
		case <-w.Events:
			failed = nil
			quiet.Reset(settle)
			continue
		case err := <-w.Errors: // events were lost: look at the files
			s.options.Log("watching: " + err.Error())
		case <-quiet.C:
		case <-tick.C:
		}
		stale := s.library.Stale()
		if len(stale) == 0 || slices.Equal(stale, failed) {
			continue
		}
		failed = nil
		err := s.Reload(ctx)
		if err == nil {
			said = ""
		} else {
			failed = s.library.Stale()
			if now := archives.Describe(err); now != said {
				s.options.Log("still served as before: " + now)
				said = now
			}
			stale = slices.DeleteFunc(stale, func(name string) bool {
				return slices.Contains(failed, name)
			})
		}
		if len(stale) > 0 {
			s.options.Log("archives reloaded: " + stale[0] + more(len(stale)-1))
		}
	}
}

// watchDirs watches the directories of the archives, since files are replaced by renaming.
func (s *Server) watchDirs(w *fsnotify.Watcher) {
	if w.Events == nil {
		return
	}
	watched := w.WatchList()
	for _, a := range s.library.List() {
		if dir := filepath.Dir(a.Path); !slices.Contains(watched, dir) {
			if w.Add(dir) == nil {
				watched = append(watched, dir)
			}
		}
	}
}

func more(n int) string {
	if n == 0 {
		return ""
	}
	return " and others"
}
