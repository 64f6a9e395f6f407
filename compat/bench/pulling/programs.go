package pulling

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/tarpack/tpk/compat/bench/measure"
)

// contestants returns the programs that are installed, with everything that they need on the
// server.
func (p *pair) contestants() (all []measure.Contestant, err error) {
	if p.web, err = measure.NewWebServer(p.b, p.dir); err != nil {
		return nil, err
	}
	all = append(all, p.tpk("tpk", "plain", "plain"), p.tpk("tpk-sha256", "sums", "sums"))
	if exec.Command(p.b.Tpk, "patch", "--help").Run() == nil {
		if err := p.patch(); err != nil {
			return nil, err
		}
		all = append(all, p.tpk("tpk-patch", "plain", "patch"))
	}
	for _, x := range []struct {
		program string
		add     func() (measure.Contestant, error)
	}{{"rsync", p.rsync}, {"rsync", p.rsyncTree}, {"zsync", p.zsync}, {"casync", p.casync},
		{"curl", p.curl}} {
		if !p.b.Have(x.program) {
			continue
		}
		c, err := x.add()
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// The programs find out in these ways that they have made the right thing.
func same(a, b string) func([]measure.Value) error {
	return func([]measure.Value) error { return measure.Run("cmp", a, b) }
}

func sameTree(a, b string) func([]measure.Value) error {
	return func([]measure.Value) error { return measure.Run("diff", "-r", "--no-dereference", a, b) }
}

// overWeb completes a contestant that asks the web server and writes to out.
func (p *pair) overWeb(c measure.Contestant) measure.Contestant {
	c.Prepare = func() error {
		if err := p.emptyOut(); err != nil {
			return err
		}
		return p.web.Start()
	}
	c.Add = p.web.Stop
	return c
}

func (p *pair) emptyOut() error {
	if err := p.b.Aside(p.path("out")); err != nil {
		return err
	}
	return os.Mkdir(p.path("out"), 0o755)
}

func (p *pair) url(name string) string { return "http://" + p.web.Address + "/" + name }

// tpk pulls the new archive in one directory with the old one in another.
func (p *pair) tpk(tool, from, to string) measure.Contestant {
	return p.overWeb(measure.Contestant{
		Tool: tool,
		Command: []string{p.b.Tpk, "pull", "-q", "--cache", p.path("out/cache"),
			"--from", p.path(from + "/old.tar.gz"), p.url(to + "/new.tar.gz"), p.path("out/new.tar.gz")},
		Check: same(p.path(to+"/new.tar.gz"), p.path("out/new.tar.gz")),
	})
}

// patch makes a patch beside a copy of the new archive.
func (p *pair) patch() error {
	if err := os.Mkdir(p.path("patch"), 0o755); err != nil {
		return err
	}
	for _, name := range []string{"new.tar.gz", "new.tar.gz.tpi"} {
		if err := os.Link(p.path("plain/"+name), p.path("patch/"+name)); err != nil {
			return err
		}
	}
	return measure.Run(p.b.Tpk, "patch", p.path("plain/old.tar.gz"), p.path("patch/new.tar.gz"))
}

func (p *pair) curl() (measure.Contestant, error) {
	return p.overWeb(measure.Contestant{
		Tool: "curl",
		Command: []string{"curl", "-sSf", "-o", p.path("out/new.tar.gz"),
			p.url("plain/new.tar.gz")},
		Check: same(p.path("plain/new.tar.gz"), p.path("out/new.tar.gz")),
	}), nil
}

// zsync treats the archive as bytes: of a gzip file it reads the first member only.
func (p *pair) zsync() (measure.Contestant, error) {
	err := measure.Run("zsyncmake", "-Z", "-o", p.path("plain/new.zsync"),
		"-u", p.url("plain/new.tar.gz"), p.path("plain/new.tar.gz"))
	return p.overWeb(measure.Contestant{
		Tool: "zsync",
		Command: []string{"zsync", "-q", "-i", p.path("plain/old.tar.gz"),
			"-o", p.path("out/new.tar.gz"), p.url("plain/new.zsync")},
		Check: same(p.path("plain/new.tar.gz"), p.path("out/new.tar.gz")),
	}), err
}

// casync makes a tree out of chunks, and takes those that the old tree has. It leaves out times,
// which differ in every file of a package that was built again: with them it fetches ten times as
// much of linux-doc-6.1.
func (p *pair) casync() (measure.Contestant, error) {
	if err := os.Mkdir(p.path("casync"), 0o755); err != nil {
		return measure.Contestant{}, err
	}
	err := measure.Run("casync", "make", "--without=sec-time", "--without=nsec-time",
		"--without=usec-time", "--without=2sec-time", "--store="+p.path("casync/default.castr"),
		p.path("casync/new.caidx"), p.path("new"))
	return p.overWeb(measure.Contestant{
		Tool: "casync",
		Command: []string{"casync", "extract", "--seed=" + p.path("old"), p.url("casync/new.caidx"),
			p.path("out/new")},
		Check: sameTree(p.path("new"), p.path("out/new")),
	}), err
}

// rsync updates a copy of the old archive, through a pipe to another rsync. With the block size
// that it chooses itself, it transfers more: 26 MB and not 5 of linux-doc-6.1.
func (p *pair) rsync() (measure.Contestant, error) {
	return p.overPipe("rsync", "plain/old.tar.gz", "plain/new.tar.gz", "",
		"rsync --no-whole-file --ignore-times --block-size=512 --stats"), nil
}

// rsyncTree updates a copy of the old tree.
func (p *pair) rsyncTree() (measure.Contestant, error) {
	return p.overPipe("rsync-tree", "old", "new", "/",
		"rsync --no-whole-file --archive --delete --compress --stats"), nil
}

// overPipe returns a contestant that makes a copy of the file or tree from equal to that in to.
func (p *pair) overPipe(tool, from, to, slash, command string) measure.Contestant {
	out, stats := p.path("out/copy"), p.path("out/stats")
	check := same(p.path(to), out)
	if slash != "" {
		check = sameTree(p.path(to), out)
	}
	return measure.Contestant{
		Tool: tool,
		Command: []string{"sh", "-c", command + ` "$1" "$2" >"$3"`, "sh", p.path(to) + slash,
			out + slash, stats},
		Prepare: func() error {
			if err := p.emptyOut(); err != nil {
				return err
			}
			return measure.Run("cp", "-a", p.path(from), out)
		},
		Check: check,
		Add:   func() ([]measure.Value, error) { return rsyncStats(stats) },
	}
}

// rsyncStats returns what rsync has counted. In the copy of local files the sender prints it.
func rsyncStats(name string) (values []measure.Value, err error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	for _, x := range [][2]string{{"sent", "B"}, {"received", "sent-B"}} {
		m := regexp.MustCompile(`Total bytes ` + x[0] + `: ([\d,]+)`).FindSubmatch(text)
		if m == nil {
			return nil, fmt.Errorf("%s: no bytes %s: %s", name, x[0], text)
		}
		n, err := strconv.ParseFloat(strings.ReplaceAll(string(m[1]), ",", ""), 64)
		if err != nil {
			return nil, err
		}
		values = append(values, measure.Value{Of: n, Unit: x[1]})
	}
	return values, nil
}
