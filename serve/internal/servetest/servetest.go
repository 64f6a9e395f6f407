// Package servetest makes what tests of several packages answer with.
package servetest

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/record"
	"github.com/tarpack/tpk/serve/internal/respond"
	"github.com/tarpack/tpk/tarpack/pack"
)

// Responder answers from an archive of files, whose content is given by path. It drops its errors.
func Responder(t testing.TB, files map[string]string, o plan.Options) *respond.Responder {
	t.Helper()
	return ResponderOf(t, Archive(t, files), o)
}

// Archive makes an archive of files, and returns its name.
func Archive(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		p := filepath.Join(dir, "tree", name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(dir, "a.tar.gz")
	if _, err := pack.Dir(context.Background(), filepath.Join(dir, "tree"), name,
		pack.Options{}); err != nil {
		t.Fatal(err)
	}
	return name
}

// ResponderOf is Responder for an archive that is there.
func ResponderOf(t testing.TB, name string, o plan.Options) *respond.Responder {
	t.Helper()
	lib, err := archives.NewLibrary(archives.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(lib.Close)
	if err := lib.Load(context.Background(), []archives.Spec{{Path: name}}); err != nil {
		t.Fatal(err)
	}
	planner, err := plan.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return &respond.Responder{Planner: planner, Library: lib,
		Errors: &record.Errors{Log: func(error) {}}}
}
