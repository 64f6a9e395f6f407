package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestList checks that a test is listed that asks itself, through functions of another file, or by
// a function of package compat, and that no other test is.
func TestList(t *testing.T) {
	dir := t.TempDir()
	for name, source := range map[string]string{
		"a/a_test.go": `package a
func TestAsks(t *testing.T) { if testing.Short() { return } }
func TestThrough(t *testing.T) { first() }
func TestNot(t *testing.T) { x.Short(); other() }`,
		"a/b_test.go": `package a
func first() { second() }
func second() int { if testing.Short() { return 1 }; return 2 }
func other() {}
func FuzzThrough(f *testing.F) { f.Add(second()) }`,
		"b/b_test.go":          `package b; func TestSweep(t *testing.T) { sweep.Takes(t, 1) }`,
		"c/c_test.go":          `package c; func TestNot(t *testing.T) {}`,
		"c/testdata/d_test.go": `package d; func TestData(t *testing.T) { testing.Short() }`,
		"c/c.go":               `package c; func TestCode() { testing.Short() }`,
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(source), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	got, err := list(".")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"^(FuzzThrough|TestAsks|TestThrough)$ ./a", "^(TestSweep)$ ./b"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
