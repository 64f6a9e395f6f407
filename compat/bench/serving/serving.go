// Package serving measures the cost of a request for tpk's server and others. The CPU time of a
// server's processes varies far less on a busy machine than requests per second. Both are recorded,
// and the latency that a client sees.
package serving

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/tarpack/tpk/compat/bench/measure"
	"github.com/tarpack/tpk/compat/bench/trees"
)

// Run measures a tree in memory, and the tree of small files hot and cold.
func Run(b *measure.Bench) error {
	if !b.Have("wrk") || !b.Have("nginx") {
		return fmt.Errorf("wrk and nginx are needed")
	}
	first, err := trees.First(b)
	if err != nil {
		return err
	}
	if err := hot(b, first); err != nil {
		return err
	}
	if err := largeFile(b); err != nil {
		return err
	}
	// Includes a .gz for each file, and the archive.
	if !b.Room(int64(b.Files)*16<<10, "the tree of small files") {
		return nil
	}
	files, err := trees.Files(b, b.Files)
	if err != nil {
		return err
	}
	return cold(b, files)
}

// turns is the number of turns into which a server's time in a round is divided. Other load on the
// machine lasts for seconds, and should affect all servers alike.
const turns = 5

// hot asks for 5,000 files over 1, 32 and 1,000 connections.
func hot(b *measure.Bench, t trees.Tree) error {
	site, err := newSite(b, t)
	if err != nil {
		return err
	}
	list, err := site.pick(5000)
	if err != nil {
		return err
	}
	servers := append(site.servers(), site.hellos()...)
	defer stop(servers)
	if servers, err = startAll(b, servers); err != nil {
		return err
	}
	for _, connections := range []int{32, 1, 1000} {
		name := fmt.Sprintf("Serve/tree=%s/cache=hot/conns=%d", t.Name, connections)
		if !b.Wanted(name) {
			continue
		}
		b.Logf("%s: %d rounds", name, b.Rounds*turns)
		for round := range b.Rounds * turns {
			for i := range servers {
				s := servers[(i+round)%len(servers)]
				if s.hello && connections != 32 {
					continue
				}
				if round == 0 { // a server prepares things on its first requests
					if _, err := s.ask(list, connections, b.Duration/4); err != nil {
						return err
					}
				}
				values, err := s.ask(list, connections, b.Duration/turns)
				if err != nil {
					return err
				}
				s.record(b, name, values)
			}
		}
		if err := b.Results.Save(); err != nil {
			return err
		}
	}
	return nil
}

// cold asks for files of a large tree with empty caches, some of them often, and then many once.
func cold(b *measure.Bench, t trees.Tree) error {
	site, err := newSite(b, t)
	if err != nil {
		return err
	}
	few, err := site.pick(10_000) // the most files that nginx may keep open
	if err != nil {
		return err
	}
	many, err := site.pick(200_000)
	if err != nil {
		return err
	}
	for _, cache := range []string{"hot", "cold"} {
		name := fmt.Sprintf("Serve/tree=%s/cache=%s/conns=32", t.Name, cache)
		if !b.Wanted(name) {
			continue
		}
		b.Logf("%s: %d rounds", name, b.Rounds*turns)
		for round := range b.Rounds * turns {
			servers := site.servers()
			for i := range servers {
				s := servers[(i+round)%len(servers)]
				if err := alone(b, s, name, cache == "cold", few, many); err != nil {
					return err
				}
			}
		}
		if err := b.Results.Save(); err != nil {
			return err
		}
	}
	return nil
}

// alone starts a server, measures it and stops it.
func alone(b *measure.Bench, s *server, name string, cold bool, few, many string) error {
	if cold && !b.DropCaches() {
		return nil
	}
	defer s.stop()
	if err := s.start(b); err != nil {
		if s.optional {
			b.Logf("  without %s: %v", s.tool, err)
			return nil
		}
		return err
	}
	list := many
	if !cold {
		list = few
		if _, err := s.ask(list, 32, b.Duration/2); err != nil {
			return err
		}
	}
	values, err := s.ask(list, 32, b.Duration/2)
	if err != nil {
		return err
	}
	s.record(b, name, values)
	return nil
}

func (s *server) record(b *measure.Bench, name string, values []measure.Value) {
	b.Results.Record(name, s.tool, values...)
	var line strings.Builder
	for _, v := range values {
		fmt.Fprintf(&line, "  %s", measure.Format(v))
	}
	b.Logf("  %-18s%s", s.tool, line.String())
}

// A site is a tree in the forms that the servers need.
type site struct {
	b       *measure.Bench
	tree    trees.Tree
	archive string
	www     string // with a .gz next to each file

	certificate *certificate // if the servers are to speak TLS
}

func newSite(b *measure.Bench, t trees.Tree) (s site, err error) {
	s = site{b: b, tree: t}
	if s.archive, err = t.Archive(b); err != nil {
		return s, err
	}
	s.www, err = t.Precompressed(b)
	return s, err
}

// plainName matches paths that need no escaping and are not hidden. A .gz is left out, because some
// servers send what it contains.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$`)

// pick writes a list of up to n files, always the same ones, in an order unlike that of a file
// system. The list with .lua at its end is a script for wrk that asks for them.
func (s site) pick(n int) (list string, err error) {
	paths, err := s.tree.Paths()
	if err != nil {
		return "", err
	}
	r := rand.New(rand.NewPCG(5, 5))
	r.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	var text strings.Builder
	picked := 0
	for _, p := range paths {
		if plainName.MatchString(p) && !strings.HasSuffix(p, ".gz") &&
			!strings.HasSuffix(p, "/index.html") && picked < n {
			text.WriteString("/" + p + "\n")
			picked++
		}
	}
	list = s.b.Path(fmt.Sprintf("paths-%s-%d", s.tree.Name, n))
	if err := os.WriteFile(list, []byte(text.String()), 0o644); err != nil {
		return "", err
	}
	return list, os.WriteFile(list+".lua", wrkScript(list), 0o644)
}

// largeFile measures a stored file of 1 GiB next to nginx's sendfile.
func largeFile(b *measure.Bench) error {
	const name = "ServeLarge/read=stored"
	if !b.Wanted(name) {
		return nil
	}
	size := int64(1 << 30)
	if b.Quick {
		size = 16 << 20
	}
	t := trees.Tree{Name: "large", Dir: b.Path("serve-large")}
	if err := os.MkdirAll(t.Dir, 0o755); err != nil {
		return err
	}
	if err := trees.WriteFile(filepath.Join(t.Dir, "large.bin"), size, trees.Noise); err != nil {
		return err
	}
	archive, err := t.Archive(b)
	if err != nil {
		return err
	}
	site := site{b: b, tree: t, archive: archive, www: t.Dir}
	servers := []*server{site.tpk(), site.nginx("nginx", "sendfile on;")}
	defer stop(servers)
	if servers, err = startAll(b, servers); err != nil {
		return err
	}
	for round := range b.Rounds {
		for i := range servers {
			s := servers[(i+round)%len(servers)]
			before, start := s.cpu(), time.Now()
			if err := measure.Run("curl", "-sSf", "-o", os.DevNull,
				"http://"+s.address+"/large.bin"); err != nil {
				return err
			}
			wall := time.Since(start)
			s.record(b, name, []measure.Value{
				{Of: float64(size) / wall.Seconds(), Unit: "B/s"},
				{Of: (s.cpu() - before).Seconds(), Unit: "cpu-sec/op"},
			})
		}
	}
	return b.Results.Save()
}
