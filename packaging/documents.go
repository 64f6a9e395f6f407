package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// texts are the files of the repository that all archives and packages have.
var texts = []string{"LICENSE", "README.md", "CHANGELOG.md"}

// completions are the scripts of shells, by the names that the shells expect.
var completions = []struct{ shell, file string }{
	{"bash", "completions/bash/tpk"},
	{"zsh", "completions/zsh/_tpk"},
	{"fish", "completions/fish/tpk.fish"},
}

// documents makes the directory docs of r.work, with everything but the binary that an archive has.
func (r *release) documents(ctx context.Context) error {
	docs := r.docs()
	for _, name := range texts {
		b, err := os.ReadFile(filepath.Join(r.source, name))
		if err != nil {
			return err
		}
		if err := writeFile(filepath.Join(docs, name), b); err != nil {
			return err
		}
	}
	for _, c := range completions {
		script, err := r.output(ctx, nil, r.host, "completion", c.shell)
		if err != nil {
			return err
		}
		if err := writeFile(filepath.Join(docs, c.file), []byte(script)); err != nil {
			return err
		}
	}
	if err := r.manual(ctx); err != nil {
		return err
	}
	licences, err := r.licences(ctx)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(docs, "THIRD-PARTY-LICENSES"), licences)
}

// docs returns the directory that documents makes.
func (r *release) docs() string { return filepath.Join(r.work, "docs") }

// manual writes the manual pages, as make man does.
func (r *release) manual(ctx context.Context) error {
	_, err := r.output(ctx, nil, r.host, "__man", filepath.Join(r.docs(), "man", "man1"))
	return err
}

// A module is what go list prints of the module that a package is from.
type module struct{ Path, Version, Dir string }

// licences returns the licences of Go and of all modules of which the binaries have code. Most of
// them demand that.
func (r *release) licences(ctx context.Context) ([]byte, error) {
	root, err := r.output(ctx, nil, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	modules := []module{{Path: "Go", Dir: strings.TrimSpace(root)}}
	for _, p := range r.platforms {
		list, err := r.output(ctx, []string{"GOOS=" + p.os, "GOARCH=" + p.arch}, "go", "list",
			"-deps", "-json=Module", "./cmd/tpk")
		if err != nil {
			return nil, err
		}
		found, err := parseModules(list)
		if err != nil {
			return nil, err
		}
		modules = append(modules, found...)
	}
	slices.SortFunc(modules, func(a, b module) int { return strings.Compare(a.Path, b.Path) })
	var all bytes.Buffer
	fmt.Fprintf(&all, "The programs of others that are in tpk %s, and their licences.\n", r.version())
	for _, m := range slices.Compact(modules) {
		if err := m.licence(&all); err != nil {
			return nil, err
		}
	}
	return all.Bytes(), nil
}

// parseModules returns the modules of others in the objects that go list prints.
func parseModules(list string) ([]module, error) {
	var modules []module
	for d := json.NewDecoder(strings.NewReader(list)); ; {
		var p struct{ Module *module }
		switch err := d.Decode(&p); {
		case errors.Is(err, io.EOF):
			return modules, nil
		case err != nil:
			return nil, fmt.Errorf("go list: %w", err)
		}
		if p.Module != nil && p.Module.Version != "" {
			modules = append(modules, *p.Module)
		}
	}
}

// licence writes the licence files of a module to w. A module without one is an error.
func (m module) licence(w io.Writer) error {
	entries, err := os.ReadDir(m.Dir)
	if err != nil {
		return err
	}
	found := false
	for _, e := range entries {
		name := strings.ToUpper(e.Name())
		if e.IsDir() || !strings.HasPrefix(name, "LICEN") && !strings.HasPrefix(name, "COPYING") &&
			!strings.HasPrefix(name, "NOTICE") {
			continue
		}
		b, err := os.ReadFile(filepath.Join(m.Dir, e.Name()))
		if err != nil {
			return err
		}
		found = true
		fmt.Fprintf(w, "\n%s\n%s: %s\n\n%s\n", strings.Repeat("=", 80),
			strings.TrimSpace(m.Path+" "+m.Version), e.Name(), bytes.TrimSpace(b))
	}
	if !found {
		return fmt.Errorf("module %s: %s has no licence", m.Path, m.Dir)
	}
	return nil
}

// writeFile writes a file, and the directories above it.
func writeFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}
