package deploy_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/tarpack/tpk/tarpack/deploy"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/signature"
)

// packed packs a file into dir/new.tar.gz.
func packed(t *testing.T, dir string) string {
	t.Helper()
	tree := t.TempDir()
	if err := os.WriteFile(filepath.Join(tree, "a"), []byte("a"), 0o644); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "new.tar.gz")
	if _, err := pack.Dir(context.Background(), tree, name, pack.Options{}); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestEveryOption sets each field of Options and checks its effect.
func TestEveryOption(t *testing.T) {
	checks := map[string]func(t *testing.T, dir, to string){
		"Keep": func(t *testing.T, dir, to string) {
			for i := range 4 {
				res, err := deploy.Deploy(t.Context(), packed(t, dir), to, deploy.Options{Keep: 2})
				if err != nil {
					t.Fatal(err)
				}
				if len(res.Removed) != max(0, i-2) {
					t.Errorf("deployment %d removes %v", i, res.Removed)
				}
			}
			if all, err := deploy.List(to); err != nil || len(all) != 3 || !all[0].Current ||
				all[1].Current || all[0].Bytes == 0 || all[2].Bytes == 0 {
				t.Errorf("%+v, %v", all, err)
			}
		},
		"Trust": func(t *testing.T, dir, to string) {
			_, err := deploy.Deploy(t.Context(), packed(t, dir), to,
				deploy.Options{Trust: &signature.Trust{}})
			if !errors.Is(err, signature.ErrUnsigned) {
				t.Error(err)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
				t.Errorf("%v, %v", left, err)
			}
		},
		"Time": func(t *testing.T, dir, to string) {
			at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
			for _, want := range []string{"20300102T030405.000Z", "20300102T030405.001Z"} {
				res, err := deploy.Deploy(t.Context(), packed(t, dir), to, deploy.Options{Time: at})
				if err != nil || res.Current != want {
					t.Errorf("%+v, %v", res, err)
				}
			}
		},
	}
	for i := range reflect.TypeFor[deploy.Options]().NumField() {
		name := reflect.TypeFor[deploy.Options]().Field(i).Name
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if checks[name] == nil {
				t.Fatal("it has no check")
			}
			checks[name](t, dir, filepath.Join(dir, "site.tar.gz"))
		})
	}
}

// TestDamagedPlan: a plan that is not one of this package takes nothing away.
func TestDamagedPlan(t *testing.T) {
	for _, plan := range []string{"", "rubbish\n\n.tpi", "20300102T030405.000Z",
		"20300102T030405.000Z\n.tpi"} {
		dir := t.TempDir()
		to := filepath.Join(dir, "site.tar.gz")
		if _, err := deploy.Deploy(t.Context(), packed(t, dir), to, deploy.Options{}); err != nil {
			t.Fatal(err)
		}
		commit := filepath.Join(dir, ".site.tar.gz.generations", "commit")
		if err := os.Mkdir(commit, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(commit, "plan"), []byte(plan), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := deploy.Deploy(t.Context(), packed(t, dir), to, deploy.Options{Keep: 1})
		if all, listed := deploy.List(to); err != nil || listed != nil || len(all) != 2 {
			t.Errorf("%q: %v, %v, %v", plan, all, err, listed)
		}
		if _, err := os.Lstat(commit); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%q: %v", plan, err)
		}
	}
}

// TestFileInstead: a file that has the name of the directory of generations stays.
func TestFileInstead(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, ".site.tar.gz.generations")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := deploy.Deploy(t.Context(), packed(t, dir), filepath.Join(dir, "site.tar.gz"),
		deploy.Options{})
	if _, gone := os.Lstat(file); err == nil || gone != nil {
		t.Errorf("%v, %v", err, gone)
	}
}

// TestCancelled: a context that has ended changes nothing.
func TestCancelled(t *testing.T) {
	dir := t.TempDir()
	to := filepath.Join(dir, "site.tar.gz")
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	from := packed(t, dir)
	if _, err := deploy.Deploy(ctx, from, to, deploy.Options{}); !errors.Is(err, stop) {
		t.Errorf("the error is %v", err)
	}
	if _, err := os.Lstat(to); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if _, err := os.Lstat(from); err != nil {
		t.Error(err)
	}
}

// TestLinks deploys an archive by a symbolic link, and an archive whose index is one. What is in
// place is a file, and no link is left that leads nowhere.
func TestLinks(t *testing.T) {
	dir := t.TempDir()
	builds := filepath.Join(dir, "builds")
	if err := os.Mkdir(builds, 0o755); err != nil {
		t.Fatal(err)
	}
	real, to := packed(t, builds), filepath.Join(dir, "site.tar.gz")
	latest, index := filepath.Join(dir, "latest.tar.gz"), filepath.Join(dir, "index")
	if err := os.Rename(real+".tpi", index); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{latest: "builds/new.tar.gz",
		real + ".tpi": "../index", latest + ".tpi": "builds/new.tar.gz.tpi"} {
		if err := os.Symlink(target, name); err != nil {
			t.Skip("no symbolic links here: ", err)
		}
	}
	if _, err := deploy.Deploy(t.Context(), latest, to, deploy.Options{}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{to, to + ".tpi", index} {
		if fi, err := os.Lstat(name); err != nil || !fi.Mode().IsRegular() {
			t.Errorf("%s: %v, %v", name, fi, err)
		}
	}
	for _, name := range []string{latest, latest + ".tpi", real, real + ".tpi"} {
		if _, err := os.Lstat(name); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left", name)
		}
	}
}
