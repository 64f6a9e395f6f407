package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// maxBinary is the size in bytes that no binary may exceed: 32 MB, which is 10 MB above the first
// release.
const maxBinary = 32_000_000

// compile builds the binary of each platform, and one for this machine if that is none of them.
func (r *release) compile(ctx context.Context) error {
	all := r.platforms
	if !slices.Contains(all, thisPlatform()) {
		all = append(all[:len(all):len(all)], thisPlatform())
	}
	for _, p := range all {
		file := filepath.Join(r.work, "bin", r.name(p), p.program())
		if err := r.compileFor(ctx, p, file); err != nil {
			return err
		}
		size, err := checkSize(file)
		if err != nil {
			return err
		}
		fmt.Fprintf(r.log, "%-14s %.1f MB\n", p, float64(size)/1e6)
		r.binaries[p] = file
	}
	r.host = r.binaries[thisPlatform()]
	return nil
}

// compileFor builds one binary: static, without tables of symbols or debug data, and without the
// names of directories of this machine. The oldest processors of the architecture can run it.
func (r *release) compileFor(ctx context.Context, p platform, file string) error {
	_, err := r.output(ctx, []string{"GOOS=" + p.os, "GOARCH=" + p.arch},
		"go", "build", "-trimpath", "-buildvcs=true",
		"-ldflags", "-s -w -buildid= -X main.version="+r.tag, "-o", file, "./cmd/tpk")
	return err
}

// checkSize returns the size of a binary. A binary above maxBinary is an error.
func checkSize(file string) (int64, error) {
	info, err := os.Stat(file)
	if err != nil {
		return 0, err
	}
	if info.Size() > maxBinary {
		return 0, fmt.Errorf("%s has %d bytes, and may have %d: docs/decisions/dependencies.md "+
			"says what each dependency adds", filepath.Base(filepath.Dir(file)), info.Size(), maxBinary)
	}
	return info.Size(), nil
}
