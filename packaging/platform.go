package main

import (
	"fmt"
	"strings"
)

// A platform is a system that tpk is built for.
type platform struct{ os, arch string }

// platforms are those of a release. Each has a binary, an archive and a list of components; those
// of Linux are in packages and in the image as well.
var platforms = []platform{
	{"linux", "amd64"}, {"linux", "arm64"}, {"linux", "riscv64"},
	{"darwin", "amd64"}, {"darwin", "arm64"},
	{"windows", "amd64"}, {"windows", "arm64"},
	{"freebsd", "amd64"},
}

// String returns the platform in the notation of Go and of OCI.
func (p platform) String() string { return p.os + "/" + p.arch }

// program returns the name of the binary.
func (p platform) program() string {
	if p.os == "windows" {
		return "tpk.exe"
	}
	return "tpk"
}

// choosePlatforms returns the platforms that names has, separated by commas, or all.
func choosePlatforms(names string) ([]platform, error) {
	if names == "" {
		return platforms, nil
	}
	var chosen []platform
	for name := range strings.SplitSeq(names, ",") {
		n := len(chosen)
		for _, p := range platforms {
			if p.String() == name {
				chosen = append(chosen, p)
			}
		}
		if len(chosen) == n {
			return nil, fmt.Errorf("-platforms %s: must be some of %v", name, platforms)
		}
	}
	return chosen, nil
}
