package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// A release is one run of the command build.
type release struct {
	source    string // a checkout of the commit, with its history
	tag       string // as v1.0.0
	out       string // the directory of the files that users download
	platforms []platform
	log       io.Writer

	work     string    // a directory for everything else
	time     time.Time // of the commit
	commit   string
	host     string              // tpk for this machine
	binaries map[platform]string // their paths
}

// versionForm is what semantic versioning allows, without build metadata.
var versionForm = regexp.MustCompile(`^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)

// changesBuild matches variables that change what Go compiles, or what tpk does.
var changesBuild = regexp.MustCompile(`^(CGO_.*|TPK_.*|GOFLAGS|GOOS|GOARCH|GO(AMD|ARM|RISCV)64|` +
	`GO386|GOARM|GOEXPERIMENT|GODEBUG|GOFIPS140|GOWORK)$`)

// build makes all files of the release.
func (r *release) build(ctx context.Context) error {
	if !versionForm.MatchString(r.tag) {
		return fmt.Errorf("version %q: must be as v1.0.0 or v1.0.0-rc.1", r.tag)
	}
	if err := r.prepare(ctx); err != nil {
		return err
	}
	defer os.RemoveAll(r.work)
	for _, step := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"compiling", r.compile},
		{"documents", r.documents},
		{"archives", r.archives},
		{"packages for Linux", r.linuxPackages},
		{"image", r.image},
		{"components", r.components},
		{"formula", r.formula},
		{"notes", r.notes},
	} {
		start := time.Now()
		if err := step.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		fmt.Fprintf(r.log, "%s: %.0f s\n", step.name, time.Since(start).Seconds())
	}
	return writeSums(r.out)
}

// prepare makes the directories, and reads the commit.
func (r *release) prepare(ctx context.Context) (err error) {
	if r.source, err = filepath.Abs(r.source); err != nil {
		return err
	}
	if r.out, err = filepath.Abs(r.out); err != nil {
		return err
	}
	if err := os.Mkdir(r.out, 0o755); err != nil {
		return err
	}
	line, err := r.output(ctx, nil, "git", "log", "-1", "--format=%H %ct")
	if err != nil {
		return err
	}
	commit, seconds, _ := strings.Cut(strings.TrimSpace(line), " ")
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return fmt.Errorf("git log: %w", err)
	}
	r.commit, r.time, r.binaries = commit, time.Unix(n, 0).UTC(), map[platform]string{}
	r.work, err = os.MkdirTemp("", "tpk-packaging-")
	return err
}

// version returns the version without v, as it is in the names of files.
func (r *release) version() string { return strings.TrimPrefix(r.tag, "v") }

// name returns the name of what is made for a platform, without an extension.
func (r *release) name(p platform) string {
	return fmt.Sprintf("tpk-%s-%s-%s", r.version(), p.os, p.arch)
}

// output runs a program in the checkout and returns what it prints. The variables of vars are added
// to the environment, without those that match changesBuild.
func (r *release) output(
	ctx context.Context, vars []string, name string, args ...string,
) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = r.source
	for _, v := range os.Environ() {
		if key, _, _ := strings.Cut(v, "="); !changesBuild.MatchString(key) {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "GOTOOLCHAIN=local", "CGO_ENABLED=0",
		fmt.Sprintf("SOURCE_DATE_EPOCH=%d", r.time.Unix()))
	cmd.Env = append(cmd.Env, vars...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", errors.Join(fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err),
			errors.New(strings.TrimSpace(stderr.String())))
	}
	return stdout.String(), nil
}

// thisPlatform is the one that runs this program.
func thisPlatform() platform { return platform{runtime.GOOS, runtime.GOARCH} }
