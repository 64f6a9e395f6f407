package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/tarpack/tpk/tarpack/format"
)

// version is set by the Makefile, from git.
var version string

// A buildInfo is what tells one tpk from another: version --json.
type buildInfo struct {
	Version  string   `json:"version"`          // as 1.2.3; "devel" if nothing says it
	Commit   string   `json:"commit,omitempty"` // of git; with -dirty if files were changed
	Format   int      `json:"format"`           // of the archives it writes
	Go       string   `json:"go"`
	Platform string   `json:"platform"` // as linux/amd64
	Features []string `json:"features"` // what other builds of this version may lack
	Missing  []string `json:"missing"`  // what other builds have and this one lacks
}

// thisBuild returns the build that runs. The Makefile sets its version; after "go install
// MODULE@VERSION" it is the module's.
func thisBuild() buildInfo {
	b := buildInfo{
		Version: version, Format: format.Version, Go: runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
	b.Features, b.Missing = features()
	if info, ok := debug.ReadBuildInfo(); ok {
		b.Version = cmp.Or(b.Version, strings.TrimSuffix(info.Main.Version, "(devel)"))
		settings := map[string]string{}
		for _, s := range info.Settings {
			settings[s.Key] = s.Value
		}
		if b.Commit = settings["vcs.revision"]; settings["vcs.modified"] == "true" {
			b.Commit += "-dirty"
		}
	}
	b.Version = cmp.Or(strings.TrimPrefix(b.Version, "v"), "devel")
	return b
}

// String returns what --version prints behind the name of the program.
func (b buildInfo) String() string {
	return fmt.Sprintf("%s (archive format %d, %s, %s)", b.Version, b.Format, b.Go, b.Platform)
}

// features returns what not every build can do, by whether this one can.
func features() (has, missing []string) {
	has, missing = []string{}, []string{}
	for _, o := range append(optionals(),
		optional{name: "event-loops", has: runtime.GOOS == "linux"},
		optional{name: "mount", has: mountSupported}) {
		if o.has {
			has = append(has, o.name)
		} else {
			missing = append(missing, o.name)
		}
	}
	return has, missing
}
