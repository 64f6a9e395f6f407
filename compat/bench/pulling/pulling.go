// Package pulling measures how many bytes a new version of an archive costs if the old one is
// there: with tpk pull, and with other programs that download differences.
package pulling

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tarpack/tpk/compat/bench/measure"
)

// packages are those of Debian that its two suites, stable and stable-security, have in different
// versions.
var packages = []string{"linux-doc-6.1", "python3.11-doc", "nodejs-doc", "openjdk-17-doc",
	"postgresql-doc-15"}

// Run measures each package, from each version that the mirrors have to the next one.
func Run(b *measure.Bench) error {
	for _, program := range []string{"apt-cache", "apt-get", "dpkg-deb", "nginx"} {
		if !b.Have(program) {
			return nil
		}
	}
	all := packages
	if b.Quick {
		all = []string{"nodejs-doc"}
	}
	for _, name := range all {
		versions, err := versions(name)
		if err != nil {
			return err
		}
		for i := 1; i < len(versions); i++ {
			if err := measurePair(b, name, versions[i-1], versions[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// versions returns the versions of a package that apt knows, the oldest first.
func versions(name string) (all []string, err error) {
	out, err := exec.Command("apt-cache", "madison", name).Output()
	if err != nil {
		return nil, fmt.Errorf("apt-cache madison %s: %w", name, err)
	}
	for line := range strings.Lines(string(out)) {
		if f := strings.Split(line, "|"); len(f) > 1 {
			all = append(all, strings.TrimSpace(f[1]))
		}
	}
	slices.Reverse(all)
	return slices.Compact(all), nil
}

// measurePair measures all programs with two versions of a package.
func measurePair(b *measure.Bench, name, from, to string) error {
	title := fmt.Sprintf("Pull/package=%s/from=%s/to=%s", name, from, to)
	if !b.Wanted(title) {
		return nil
	}
	p := &pair{b: b}
	var err error
	if p.dir, err = b.Dir("pull"); err != nil {
		return err
	}
	defer b.Discard(p.dir)
	if err := os.Chmod(p.dir, 0o755); err != nil {
		return err
	}
	for dir, version := range map[string]string{"old": from, "new": to} {
		if err := p.unpack(name, version, dir); err != nil {
			return err
		}
	}
	if err := p.pack("plain"); err != nil {
		return err
	}
	if err := p.pack("sums", "--sha256"); err != nil {
		return err
	}
	contestants, err := p.contestants()
	if err != nil {
		return err
	}
	return b.Contest(title, 1, contestants)
}

// A pair is two versions of a package:
//
//	old new                        trees
//	plain/old.tar.gz new.tar.gz    archives, packed with the defaults
//	sums/old.tar.gz new.tar.gz     with SHA-256
//	patch/new.tar.gz               with a patch from plain/old.tar.gz beside it
//	out                            where each program writes to
type pair struct {
	b   *measure.Bench
	dir string
	web *measure.WebServer
}

func (p *pair) path(name string) string { return filepath.Join(p.dir, name) }

// unpack downloads a version of a package, unless an earlier run has, and unpacks it.
func (p *pair) unpack(name, version, dir string) error {
	keep := filepath.Join(p.b.Trees, "debs", name+"="+version)
	debs, err := filepath.Glob(filepath.Join(keep, "*.deb"))
	if err != nil {
		return err
	}
	if len(debs) == 0 {
		if err := os.MkdirAll(keep, 0o755); err != nil {
			return err
		}
		cmd := exec.Command("apt-get", "download", "-qq", name+"="+version)
		cmd.Dir = keep
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%q: %w\n%s", cmd.Args, err, out)
		}
		if debs, err = filepath.Glob(filepath.Join(keep, "*.deb")); err != nil || len(debs) != 1 {
			return fmt.Errorf("%s: %d packages: %w", keep, len(debs), err)
		}
	}
	return measure.Run("dpkg-deb", "-x", debs[0], p.path(dir))
}

// pack packs both trees into archives in a directory.
func (p *pair) pack(dir string, flags ...string) error {
	if err := os.Mkdir(p.path(dir), 0o755); err != nil {
		return err
	}
	for _, tree := range []string{"old", "new"} {
		command := append([]string{p.b.Tpk, "pack", "-q"}, flags...)
		if err := measure.Run(append(command, p.path(tree),
			p.path(dir+"/"+tree+".tar.gz"))...); err != nil {
			return err
		}
	}
	return nil
}
