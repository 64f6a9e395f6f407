package main

import (
	"bytes"
	"context"
	"path/filepath"
	"text/template"
)

// homepage is the address of the project. Releases are below it.
const homepage = "https://github.com/tarpack/tpk"

// formula writes the formula for Homebrew, with the sums of the archives.
func (r *release) formula(context.Context) error {
	t, err := template.ParseFiles(filepath.Join(r.source, "packaging", "homebrew", "tpk.rb.tmpl"))
	if err != nil {
		return err
	}
	type build struct{ Processor, URL, Sum string }
	type system struct {
		Name   string
		Builds []build
	}
	var systems []system
	for _, s := range []struct{ os, name string }{{"darwin", "macos"}, {"linux", "linux"}} {
		one := system{Name: s.name}
		for _, p := range r.platforms {
			processor := map[string]string{"amd64": "intel", "arm64": "arm"}[p.arch]
			if p.os != s.os || processor == "" {
				continue // Homebrew knows no riscv64
			}
			file := r.name(p) + ".tar.gz"
			sum, err := fileSum(filepath.Join(r.out, file))
			if err != nil {
				return err
			}
			url := homepage + "/releases/download/" + r.tag + "/" + file
			one.Builds = append(one.Builds, build{processor, url, sum})
		}
		if len(one.Builds) > 0 {
			systems = append(systems, one)
		}
	}
	var out bytes.Buffer
	err = t.Execute(&out, struct {
		Homepage, Version string
		Systems           []system
	}{homepage, r.version(), systems})
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(r.out, "tpk.rb"), out.Bytes())
}
