package main

import (
	"context"
	"path/filepath"
)

// components writes a list of the modules in each binary, with their licences, as CycloneDX. There
// is no time and no random number in it.
func (r *release) components(ctx context.Context) error {
	tool, err := r.bomTool(ctx)
	if err != nil {
		return err
	}
	for _, p := range r.platforms {
		_, err := r.output(ctx, []string{"GOOS=" + p.os, "GOARCH=" + p.arch}, tool, "app", "-json",
			"-licenses", "-assert-licenses", "-std", "-noserial", "-notimestamp",
			"-main", "cmd/tpk", "-output", filepath.Join(r.out, r.name(p)+".cdx.json"), r.source)
		if err != nil {
			return err
		}
	}
	return nil
}

// bomTool builds cyclonedx-gomod, of the version in go.mod, and returns its path. It must be the
// same in every directory, as the lists have its sum.
func (r *release) bomTool(ctx context.Context) (string, error) {
	file := filepath.Join(r.work, "cyclonedx-gomod")
	_, err := r.output(ctx, nil, "go", "-C", filepath.Join(r.source, "packaging"), "build",
		"-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid=", "-o", file,
		"github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod")
	return file, err
}
