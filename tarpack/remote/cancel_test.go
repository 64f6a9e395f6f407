package remote_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/remote/internal/remotetest"
	"github.com/tarpack/tpk/tarpack/source"
)

// TestCancel cancels a read that waits for a server that does not answer.
func TestCancel(t *testing.T) {
	archive, side := packed(t, "x", pack.Options{})
	s := serve(t, archive, side)
	a, err := remote.Open(t.Context(), s.Object(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	asked := make(chan struct{}, 100)
	s.Do(func(int, *http.Request) remotetest.Fault {
		asked <- struct{}{}
		return remotetest.Hang
	})
	cause := errors.New("stop")
	go func() {
		<-asked
		remote.Cancel(a, cause)
	}()
	for range 2 { // a later read fails at once
		if _, err := a.Source().ReadAt(make([]byte, 10), 0); !errors.Is(err, cause) {
			t.Errorf("%v, want %v", err, cause)
		}
	}
}

// TestDownload downloads an archive with all that is beside it.
func TestDownload(t *testing.T) {
	archive, side := packed(t, "x", pack.Options{})
	s := serve(t, archive, side)
	dir := t.TempDir()
	name, shown, err := remote.Download(t.Context(), s.Object()+"?key=secret", dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dir, "a.tar.gz"); name != want || shown != s.Object() {
		t.Errorf("%s, %s", name, shown)
	}
	for name, want := range map[string][]byte{name: archive, name + format.SidecarSuffix: side} {
		if got, err := os.ReadFile(name); err != nil || string(got) != string(want) {
			t.Errorf("%s: %v, %d bytes, want %d", name, err, len(got), len(want))
		}
	}
	s.Put(sidePath, nil)
	if name, _, err = remote.Download(t.Context(), s.Object(), t.TempDir(), nil); err != nil {
		t.Error("without a sidecar:", err)
	}
	if _, err := os.Stat(name + format.SidecarSuffix); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	s.Do(func(n int, _ *http.Request) remotetest.Fault {
		if n == 1 { // for the rest of the archive
			return remotetest.Status(http.StatusPreconditionFailed, "")
		}
		return nil
	})
	_, _, err = remote.Download(t.Context(), s.Object(), t.TempDir(), nil)
	if !errors.Is(err, source.ErrChanged) {
		t.Errorf("replaced meanwhile: %v", err)
	}
}
