package serving

import (
	"bytes"
	"compress/gzip"
	"errors"
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
	if err := site.wire(list); err != nil {
		return err
	}
	if err := secure.wire(list); err != nil {
		return err
	}
	return secure.idle(list)
}

// wire measures the loads of a site with a certificate, or without.
func (s site) wire(list string) error {
	wanted := slices.DeleteFunc(slices.Clone(loads), func(l load) bool {
		return (l.protocol == plainHTTP) != (s.certificate == nil) || !s.b.Wanted(l.name(s.tree.Name))
	})
	if len(wanted) == 0 {
		return nil
	}
	servers := s.wireServers()
	defer stop(servers)
	servers, err := startAll(s.b, servers)
	if err != nil {
		return err
	}
	for _, l := range wanted {
		for _, x := range servers {
			if err := s.check(x, l.protocol, list); err != nil {
				return err
			}
		}
		if err := s.wireLoad(servers, list, l); err != nil {
			return err
		}
	}
	return nil
}

// wireLoad measures a load: the CPU time of a request, and then the latency, except for Caddy's.
func (s site) wireLoad(servers []*server, list string, l load) error {
	cost := (*server).wrkCost
	if l.protocol == http2 {
		cost = (*server).h2loadCost
	}
	r := run{load: l, list: list, warmUp: l.usualWarmUp(), length: s.b.Duration * 3 / 4}
	if err := s.inTurn(servers, 5, r, cost); err != nil {
		return err
	}
	r.length, r.log = s.b.Duration/4, s.b.Path("h2load.log")
	return s.inTurn(servers[:2], 9, r, (*server).h2loadLatency)
}

// inTurn measures each server for at least a number of rounds, except in a trial.
func (s site) inTurn(servers []*server, rounds int, r run,
	figures func(*server, run) ([]measure.Value, error)) error {
	if rounds = max(rounds, s.b.Rounds); s.b.Quick {
		rounds = s.b.Rounds
	}
	name := r.name(s.tree.Name)
	s.b.Logf("%s: %d rounds", name, rounds)
	for round := range rounds {
		for i := range servers {
			x := servers[(i+round)%len(servers)]
			values, err := s.patiently(x, r, figures)
			if err != nil {
				return err
			}
			x.record(s.b, name, values)
		}
	}
	return s.b.Results.Save()
}

// patiently repeats a run without figures, with a longer warm-up each time.
func (s site) patiently(x *server, r run, figures func(*server, run) ([]measure.Value, error)) (
	values []measure.Value, err error) {
	for range 3 {
		if values, err = figures(x, r); !errors.Is(err, errNoFigures) {
			break
		}
		s.b.Logf("  %-18s  no figures, so once more", x.tool)
		r.warmUp *= 2
	}
	return values, err
}

// check compares a page with the file.
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
	got, err := page(client, protocol, x.url()+path)
	if err == nil && !bytes.Equal(got, want) {
		err = fmt.Errorf("%s: other bytes than in the file", path)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", x.tool, err)
	}
	return nil
}

// page returns a page, which must come compressed by gzip over a protocol.
func page(client *http.Client, protocol, url string) ([]byte, error) {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Encoding") != "gzip" ||
		(resp.ProtoMajor == 2) != (protocol == http2) {
		return nil, fmt.Errorf("%s: %s %s, Content-Encoding %q", url, resp.Proto, resp.Status,
			resp.Header.Get("Content-Encoding"))
	}
	zr, err := gzip.NewReader(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	return io.ReadAll(zr)
}
