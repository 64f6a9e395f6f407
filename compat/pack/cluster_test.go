//go:build linux

package pack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// A cluster is a plan, and what its shards must be.
type cluster struct {
	dir   string // with tree, one.tar.gz and plan
	snap  trees.Snapshot
	lists int
	calls string // file with a line for each run of tpk
}

// newCluster plans a tree for n shards.
func newCluster(t *testing.T, n int) *cluster {
	c := &cluster{dir: tools.Dir(t)}
	c.snap = fixture.WriteTree(t, trees.Names(), filepath.Join(c.dir, "tree"))
	c.calls = filepath.Join(c.dir, "calls")
	fixture.Pack(t, filepath.Join(c.dir, "tree"), filepath.Join(c.dir, "one.tar.gz"))
	r := fixture.Run(t, "plan", "--shards", fmt.Sprint(n), "-o", filepath.Join(c.dir, "plan"),
		filepath.Join(c.dir, "tree"))
	if c.lists = strings.Count(string(r.Out), "\n"); r.Code != 0 || c.lists != n {
		t.Fatal(r)
	}
	// The recipes find this one as tpk. While the file fail is there, the third shard fails.
	script := fmt.Sprintf("#!/bin/sh\necho \"$*\" >>%s\n"+
		"case \"$*\" in *00002-of-*) [ ! -e %s/fail ] || exit 1 ;; esac\nexec %s \"$@\"\n",
		c.calls, c.dir, tools.TPK(t))
	if err := os.Mkdir(filepath.Join(c.dir, "bin"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.dir, "bin", "tpk"), []byte(script), 0o777); err != nil {
		t.Fatal(err)
	}
	return c
}

// command returns a command that runs in the directory and finds the cluster's tpk.
func (c *cluster) command(env []string, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "PATH="+filepath.Join(c.dir, "bin")+":"+os.Getenv("PATH"),
		"HOME="+c.dir)
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

// runs returns how often tpk has been run since the last call.
func (c *cluster) runs(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile(c.calls)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(c.calls); err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(b), "\n")
}

// check joins the shards NAME, and compares them with the tree and with one archive of it. GNU tar
// extracts all of them.
func (c *cluster) check(t *testing.T, name string) {
	t.Helper()
	in := func(name string) string { return filepath.Join(c.dir, name) }
	first := in(fmt.Sprintf("%s-00000-of-%05d.tar.gz", name, c.lists))
	if r := fixture.Run(t, "index", first); r.Code != 0 {
		t.Fatal(r)
	}
	for _, args := range [][]string{{"verify", first}, {"diff", first, in("one.tar.gz")}} {
		if r := fixture.Run(t, args...); r.Code != 0 {
			t.Error(r)
		}
	}
	shards, err := filepath.Glob(in(name + "-*-of-*.tar.gz"))
	if err != nil || len(shards) != c.lists {
		t.Fatal(shards, err)
	}
	out := tools.Dir(t)
	for _, s := range shards {
		tools.Must(t, exec.Command(tools.Path(t, "tar"), "-xpzf", s, "-C", out))
	}
	fixture.Diff(t, c.snap, out, trees.Rules{Merged: true, IgnoreLinks: true})
}

// recipe returns the path of a file of contrib/cluster.
func recipe(t *testing.T, name string) string {
	return filepath.Join(tools.Repo(t), "contrib", "cluster", name)
}

// TestParallel packs with GNU parallel. One shard fails; the second run packs only that one. Later
// runs leave the shards as they are, and pack one that was removed.
func TestParallel(t *testing.T) {
	tools.Path(t, "parallel")
	c := newCluster(t, 6)
	if err := os.Symlink("tree", filepath.Join(c.dir, "the tree")); err != nil {
		t.Fatal(err)
	}
	run := func() tools.Result {
		return tools.Run(t, c.command(nil, recipe(t, "parallel.sh"), "plan", "the tree", "s", "-j2"))
	}
	fixture.WriteFiles(t, map[string][]byte{filepath.Join(c.dir, "fail"): nil})
	if r := run(); r.Code == 0 || c.runs(t) != 6 {
		t.Fatal(r)
	}
	if err := os.Remove(filepath.Join(c.dir, "fail")); err != nil {
		t.Fatal(err)
	}
	if r := run(); r.Code != 0 || c.runs(t) != 1 {
		t.Fatal(r)
	}
	before := inodes(t, c.dir)
	if r := run(); r.Code != 0 || c.runs(t) != 6 || inodes(t, c.dir) != before {
		t.Error(r)
	}
	removed, err := filepath.Glob(filepath.Join(c.dir, "s-00003-of-*"))
	if err != nil || len(removed) != 2 {
		t.Fatal(removed, err)
	}
	for _, name := range removed {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	if r := run(); r.Code != 0 || c.runs(t) != 6 {
		t.Error(r)
	}
	c.check(t, "s")
}

// inodes returns the numbers and names of the shards in a directory.
func inodes(t *testing.T, dir string) string {
	t.Helper()
	return string(tools.Must(t, exec.Command("sh", "-c", "ls -i "+dir+"/s-*.tar.gz")))
}

// TestClusterTasks runs the tasks of the other recipes as their engines do: with the number of the
// task in the environment, in another order, one of them twice.
func TestClusterTasks(t *testing.T) {
	for _, r := range []struct {
		name, index string
		command     func(t *testing.T) []string
	}{
		{"kubernetes", "JOB_COMPLETION_INDEX", func(t *testing.T) []string {
			return manifest(t, "kubernetes", recipe(t, "kubernetes.yaml"))
		}},
		{"batch", "AWS_BATCH_JOB_ARRAY_INDEX", func(t *testing.T) []string {
			manifest(t, "batch", "SubmitJob", recipe(t, "aws-batch-submit.json"))
			return manifest(t, "batch", "RegisterJobDefinition",
				recipe(t, "aws-batch-definition.json"))
		}},
		{"slurm", "SLURM_ARRAY_TASK_ID", func(t *testing.T) []string {
			return []string{recipe(t, "slurm.sh"), "plan", "tree", "s"}
		}},
	} {
		t.Run(r.name, func(t *testing.T) {
			command := r.command(t)
			c := newCluster(t, 5)
			env := []string{"PLAN=plan", "DIR=tree", "NAME=s"}
			for _, i := range []int{3, 0, 4, 4, 1, 2} {
				task := append(env, fmt.Sprintf("%s=%d", r.index, i))
				tools.Must(t, c.command(task, command[0], command[1:]...))
			}
			c.check(t, "s")
		})
	}
}

// TestFleetManifest checks the recipe for servers. Package remote runs its command.
func TestFleetManifest(t *testing.T) {
	command := manifest(t, "kubernetes", filepath.Join(tools.Repo(t), "contrib", "fleet",
		"kubernetes.yaml"))
	if len(command) < 3 || command[0] != "tpk" || command[1] != "serve" {
		t.Errorf("%q", command)
	}
}

// manifest checks a manifest, and returns the command of the container in it.
func manifest(t *testing.T, args ...string) (command []string) {
	t.Helper()
	r := manifests(t, args...)
	if err := json.Unmarshal(r.Out, &command); r.Code != 0 || err != nil {
		t.Fatal(r, err)
	}
	return command
}

const (
	python  = "/usr/bin/python3" // Debian's, which has Debian's modules
	modules = "import botocore, kubernetes, yaml"
)

var haveModules = sync.OnceValue(exec.Command(python, "-c", modules).Run)

// manifests runs the program that checks a manifest.
func manifests(t *testing.T, args ...string) tools.Result {
	t.Helper()
	if haveModules() != nil {
		tools.Missing(t, "a Python module of: "+modules)
	}
	script := filepath.Join(tools.Repo(t), "compat", "pack", "testdata", "manifests.py")
	return tools.Run(t, exec.Command(python, append([]string{script}, args...)...))
}

// TestManifestErrors checks that what checks the manifests finds errors in them.
func TestManifestErrors(t *testing.T) {
	kubernetes := []string{"kubernetes", "kubernetes.yaml"}
	submit := []string{"batch", "SubmitJob", "aws-batch-submit.json"}
	define := []string{"batch", "RegisterJobDefinition", "aws-batch-definition.json"}
	for _, c := range []struct {
		check    []string
		old, new string
		message  string
	}{
		{kubernetes, "batch/v1", "batch/v2", "batch/v2"},
		{kubernetes, "completionMode:", "completionsMode:", "completionsMode"},
		{kubernetes, "completions: 64", `completions: "64"`, "completions"},
		{kubernetes, "Indexed\n", "NonIndexed\n", "Indexed"},
		{kubernetes, "- name: tpk", "- label: tpk", "label"},
		{kubernetes, "mountPath", "path", "volumeMounts"},
		{kubernetes, "name: PLAN, value", "value", "env"},
		{submit, "arrayProperties", "array", "array"},
		{submit, `"size": 64`, `"size": "64"`, "size"},
		{submit, `"jobQueue": "default",`, "", "jobQueue"},
		{define, `"type": "container"`, `"kind": "container"`, "type"},
		{define, `"retryStrategy": {"attempts": 3}`, `"retryStrategy": 3`, "retryStrategy"},
		{define, `"command": [`, `"command": "sh", "more": [`, "command"},
		{define, "fileSystemId", "id", "fileSystemId"},
	} {
		name := c.check[len(c.check)-1]
		b, err := os.ReadFile(recipe(t, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Count(b, []byte(c.old)) < 1 {
			t.Fatalf("%s has no %q", name, c.old)
		}
		changed := filepath.Join(t.TempDir(), name)
		fixture.WriteFiles(t, map[string][]byte{
			changed: bytes.Replace(b, []byte(c.old), []byte(c.new), 1),
		})
		r := manifests(t, append(slices.Clone(c.check[:len(c.check)-1]), changed)...)
		if r.Code == 0 || !bytes.Contains(r.Err, []byte(c.message)) {
			t.Errorf("%s for %s: no %q in %v", c.new, c.old, c.message, r)
		}
	}
}
