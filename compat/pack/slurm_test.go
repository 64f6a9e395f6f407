//go:build linux

package pack

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
)

// slurmConf is the configuration of a cluster of one node. Its daemons listen on 127.0.0.1 only.
// The node pretends to have 8 CPUs, so that two tasks of contrib/cluster/slurm.sh run at once.
const slurmConf = `ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=%[1]s
SlurmdPort=%[2]s
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmUser=%[3]s
SlurmdUser=%[3]s
AuthType=auth/munge
AuthInfo=socket=%[4]s/munge.socket
StateSaveLocation=%[4]s/state
SlurmdSpoolDir=%[4]s/spool
SlurmctldPidFile=%[4]s/slurmctld.pid
SlurmdPidFile=%[4]s/slurmd.pid
MailProg=/bin/true
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0
SlurmdParameters=config_overrides
NodeName=localhost NodeAddr=127.0.0.1 CPUs=8
PartitionName=all Nodes=ALL Default=YES
`

// startSlurm starts munged, slurmctld and slurmd, and returns the name of their configuration. They
// are stopped after the test.
func startSlurm(t *testing.T) (conf string) {
	t.Helper()
	munged := tools.Path(t, "munged")
	slurmctld, slurmd := tools.Path(t, "slurmctld"), tools.Path(t, "slurmd")
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	dir, ports := tools.Dir(t), freePorts(t, 2)
	in := func(name string) string { return filepath.Join(dir, name) }
	conf = in("slurm.conf")
	key := make([]byte, 1024)
	_, _ = rand.Read(key)
	fixture.WriteFiles(t, map[string][]byte{
		conf:            fmt.Appendf(nil, slurmConf, ports[0], ports[1], u.Username, dir),
		in("munge.key"): key,
	})
	if err := errors.Join(os.Mkdir(in("state"), 0o755), os.Mkdir(in("spool"), 0o755),
		os.Chmod(in("munge.key"), 0o400)); err != nil {
		t.Fatal(err)
	}
	startDaemon(t, "Created 2 work threads", munged, "--foreground", "--key-file="+in("munge.key"),
		"--socket="+in("munge.socket"), "--pid-file="+in("munge.pid"),
		"--log-file="+in("munge.log"), "--seed-file="+in("munge.seed"))
	// The port that each must listen on is opened before the line is printed.
	pids := []int{
		startDaemon(t, "Running as primary controller", slurmctld, "-D", "-f", conf),
		startDaemon(t, "slurmd started on", slurmd, "-D", "-N", "localhost", "-f", conf),
	}
	for i, pid := range pids {
		if got := listens(t, pid); !slices.Equal(got, []string{"127.0.0.1:" + ports[i]}) {
			t.Fatalf("the daemon of port %s listens on %q", ports[i], got)
		}
	}
	return conf
}

// freePorts returns n ports of 127.0.0.1 on which nothing listens.
func freePorts(t *testing.T, n int) (ports []string) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		_, port, err := net.SplitHostPort(l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		ports = append(ports, port)
	}
	return ports
}

// startDaemon starts a daemon in the foreground, waits until it prints some words, and returns its
// process id. It is stopped after the test.
func startDaemon(t *testing.T, words, name string, args ...string) (pid int) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = w, w
	err = cmd.Start()
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	ready, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		defer r.Close()
		waits := true
		for lines := bufio.NewScanner(r); lines.Scan(); {
			fmt.Fprintln(&log, lines.Text())
			if waits && strings.Contains(lines.Text(), words) {
				waits = false
				close(ready)
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		<-ended
		if t.Failed() {
			t.Logf("%s:\n%s", name, log.Bytes())
		}
	})
	select {
	case <-ready:
	case <-ended:
		t.Fatalf("%s ended", name)
	}
	return cmd.Process.Pid
}

// listens returns the addresses on which a process listens.
func listens(t *testing.T, pid int) (addresses []string) {
	t.Helper()
	out := tools.Must(t, exec.Command(tools.Path(t, "ss"), "-Hltnp"))
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); strings.Contains(line, fmt.Sprintf("pid=%d,", pid)) {
			addresses = append(addresses, f[3])
		}
	}
	return addresses
}

// TestSlurm packs with a job array of Slurm. One task fails, and with it the job. The array is
// submitted again: its tasks pack only the shard that is missing.
func TestSlurm(t *testing.T) {
	if testing.Short() {
		t.Skip("Slurm runs in make test-long only")
	}
	sbatch := tools.Path(t, "sbatch")
	conf := startSlurm(t)
	c := newCluster(t, 6)
	run := func() tools.Result {
		r := tools.Run(t, c.command([]string{"SLURM_CONF=" + conf}, sbatch, "--wait", "--array=0-5",
			recipe(t, "slurm.sh"), "plan", "tree", "s"))
		if n := c.runs(t); n != 6 {
			t.Errorf("%d tasks: %v", n, r)
		}
		return r
	}
	fixture.WriteFiles(t, map[string][]byte{filepath.Join(c.dir, "fail"): nil})
	r := run()
	before := strings.Fields(inodes(t, c.dir)) // number and name of each
	if r.Code == 0 || len(before) != 2*5 {
		t.Fatal(before, r)
	}
	if err := os.Remove(filepath.Join(c.dir, "fail")); err != nil {
		t.Fatal(err)
	}
	if r := run(); r.Code != 0 {
		logs, err := exec.Command("sh", "-c", "cat "+c.dir+"/slurm-*.out").Output()
		t.Fatal(r, string(logs), err)
	}
	after := strings.Fields(inodes(t, c.dir))
	for i := 0; i < len(before); i += 2 {
		if j := slices.Index(after, before[i+1]); j < 1 || after[j-1] != before[i] {
			t.Errorf("%s was packed again", before[i+1])
		}
	}
	c.check(t, "s")
}
