package serving

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tarpack/tpk/compat/bench/measure"
	"github.com/tarpack/tpk/compat/bench/trees"
)

// pages is the number of files that are asked for over each protocol.
const pages = 4000

// RunWire measures the same pages over plain HTTP, over TLS and over HTTP/2, and the memory that
// idle connections take.
func RunWire(b *measure.Bench) error {
	for _, program := range []string{"wrk", "h2load", "nginx"} {
		if !b.Have(program) {
			return fmt.Errorf("wrk, h2load and nginx are needed")
		}
	}
	first, err := trees.First(b)
	if err != nil {
		return err
	}
	site, err := newSite(b, first)
	if err != nil {
		return err
	}
	list, err := site.pick(pages)
	if err != nil {
		return err
	}
	secure := site
	if secure.certificate, err = newCertificate(b); err != nil {
		return err
	}
	if err := site.wire(list, loads[:4]); err != nil {
		return err
	}
	if err := secure.wire(list, loads[4:]); err != nil {
		return err
	}
	return secure.idle(list)
}

// wire measures some loads.
func (s site) wire(list string, loads []load) error {
	loads = slices.DeleteFunc(slices.Clone(loads),
		func(l load) bool { return !s.b.Wanted(l.name(s.tree.Name)) })
	if len(loads) == 0 {
		return nil
	}
	servers := s.wireServers()
	defer stop(servers)
	servers, err := startAll(s.b, servers)
	if err != nil {
		return err
	}
	for _, l := range loads {
		for _, x := range servers {
			if err := s.check(x, l.protocol, list); err != nil {
				return err
			}
		}
		if err := s.wireLoad(servers, list, l); err != nil {
			return err
		}
		if err := s.b.Results.Save(); err != nil {
			return err
		}
	}
	return nil
}

// wireLoad measures a load: the CPU time of a request, and then the latency. Caddy's latency is left
// out.
func (s site) wireLoad(servers []*server, list string, l load) error {
	name := l.name(s.tree.Name)
	rounds := s.rounds(5)
	s.b.Logf("%s: %d rounds", name, rounds)
	for round := range rounds {
		for i := range servers {
			x := servers[(i+round)%len(servers)]
			cost := x.wrkCost
			if l.protocol == http2 {
				cost = x.h2loadCost
			}
			values, err := cost(l, list, s.b.Duration*3/4)
			if err != nil {
				return err
			}
			x.record(s.b, name, values)
		}
	}
	servers = servers[:2]
	rounds = s.rounds(9)
	s.b.Logf("%s: %d rounds of latency", name, rounds)
	for round := range rounds {
		for i := range servers {
			x := servers[(i+round)%len(servers)]
			values, err := x.h2loadLatency(l, list, s.b.Path("h2load.log"), s.b.Duration/4)
			if err != nil {
				return err
			}
			x.record(s.b, name, values)
		}
	}
	return nil
}

// rounds returns how often each server is measured: at least a number of times, except in a trial.
func (s site) rounds(least int) int {
	if s.b.Quick {
		return s.b.Rounds
	}
	return max(least, s.b.Rounds)
}

// check compares a page with the file, and that it comes compressed over the protocol that is
// measured.
func (s site) check(x *server, protocol, list string) error {
	text, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	path, _, _ := strings.Cut(string(text), "\n")
	want, err := os.ReadFile(filepath.Join(s.tree.Dir, filepath.FromSlash(path)))
	if err != nil {
		return err
	}
	client := x.client(protocol)
	defer client.CloseIdleConnections()
	resp, body, err := get(client, x.url()+path)
	if err != nil {
		return fmt.Errorf("%s: %w", x.tool, err)
	}
	if major := map[string]int{http2: 2}[protocol]; resp.ProtoMajor != max(major, 1) {
		return fmt.Errorf("%s: %s, not %s", x.tool, resp.Proto, protocol)
	}
	zr, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil || resp.Header.Get("Content-Encoding") != "gzip" {
		return fmt.Errorf("%s: %s: not compressed: %w", x.tool, path, err)
	}
	got, err := io.ReadAll(zr)
	if err != nil || !bytes.Equal(got, want) {
		return fmt.Errorf("%s: %s: other bytes than in the file: %w", x.tool, path, err)
	}
	return nil
}

// get requests a page compressed by gzip.
func get(client *http.Client, url string) (*http.Response, []byte, error) {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("%s: %s: %w", url, resp.Status, err)
	}
	return resp, body, nil
}
