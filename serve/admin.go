package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tarpack/tpk/serve/internal/archives"
)

// ErrAdmin is wrapped by the error of Server.Run if the admin server can't be started.
var ErrAdmin = errors.New("admin server")

// listenAdmin opens the listener of the admin server, or returns nil if the address is "".
func listenAdmin(address string, open *opener) (ln net.Listener, err error) {
	if address == "" {
		return nil, nil
	}
	ln, err = open.open(kindAdmin, address, func() (net.Listener, error) {
		if path, ok := strings.CutPrefix(address, "unix:"); ok {
			return listenUnix(path, 0o600)
		}
		return net.Listen("tcp", address)
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAdmin, err)
	}
	return ln, nil
}

// closer returns a function that closes ln, unless that is nil.
func closer(ln net.Listener) func() {
	return func() {
		if ln != nil {
			_ = ln.Close()
		}
	}
}

// startAdmin serves AdminHandler, unless the listener is nil. It answers from the start, also while
// archives are being indexed.
func (s *Server) startAdmin(ln net.Listener) (stop func()) {
	if ln == nil {
		return closer(nil)
	}
	srv := &http.Server{Handler: s.AdminHandler(), ReadTimeout: 30 * time.Second,
		IdleTimeout: 75 * time.Second}
	go func() { _ = srv.Serve(ln) }()
	return func() {
		if s.handover.done() { // others are answered by the process that has taken over
			limit, cancel := context.WithTimeout(context.Background(), adminEnd)
			defer cancel()
			_ = srv.Shutdown(limit)
		}
		_ = srv.Close()
	}
}

// adminEnd is how long requests to the admin server may take after a handover.
const adminEnd = 5 * time.Second

// AdminHandler returns the handler of the admin server:
//
//	GET    /healthz    200 while the process runs
//	GET    /readyz     200 if archives are served, else 503 with Retry-After
//	GET    /metrics    counters for Prometheus
//	GET    /archives   the archives that are served
//	POST   /archives   add {"path": …, "mount": …} or a list of these; mount is "/" by default.
//	                   ?at=top puts them before the others, so that they are asked first
//	PUT    /archives   serve these and no others
//	DELETE /archives?path=…[&mount=…]   remove; mount is needed if the path has several
//	POST   /reload     open archives again whose files have changed
//
// While another process takes over (Server.HandOver), changes of the list are answered with 503.
//
// A path is a file, or what Options.Resolve knows; what that refuses is answered with 403. A change
// is made as a whole or not at all; then the answer has the reason as "error". The handler
// must not be reachable from outside: it can serve any archive of this machine. From its first call
// on, answers are timed for a histogram.
func (s *Server) AdminHandler() http.Handler {
	s.responder.Timing.Store(true)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !s.library.Ready() {
			w.Header().Set("Retry-After", strconv.Itoa(adminRetry))
			http.Error(w, "loading archives", http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		s.writeMetrics(w)
	})
	mux.HandleFunc("GET /archives", func(w http.ResponseWriter, _ *http.Request) { s.answerList(w) })
	mux.HandleFunc("POST /archives",
		s.change(func(now, given []archives.Spec, r *http.Request) ([]archives.Spec, error) {
			at := r.URL.Query().Get("at")
			if at != "" && at != "top" && at != "bottom" {
				return nil, errBadPlace
			}
			old := len(now)
			for _, a := range given {
				if find(now, a) >= 0 {
					return nil, fmt.Errorf("%s is served already", a.Path)
				}
				now = append(now, a)
			}
			if at == "top" {
				now = slices.Concat(now[old:], now[:old])
			}
			return now, nil
		}))
	mux.HandleFunc("PUT /archives",
		s.change(func(_, given []archives.Spec, _ *http.Request) ([]archives.Spec, error) {
			return given, nil
		}))
	mux.HandleFunc("DELETE /archives",
		s.change(func(now, _ []archives.Spec, r *http.Request) ([]archives.Spec, error) {
			i, err := s.findRemoved(now, r.URL.Query())
			if err != nil {
				return nil, err
			}
			return append(now[:i], now[i+1:]...), nil
		}))
	mux.HandleFunc("POST /reload",
		s.change(func(now, _ []archives.Spec, _ *http.Request) ([]archives.Spec, error) {
			return now, nil
		}))
	return http.NewCrossOriginProtection().Handler(localOnly(mux))
}

const adminRetry = 1 // seconds

var (
	errNotServed = errors.New("not served")
	errNoPath    = errors.New(`"path" is missing`)
	errBadPlace  = errors.New(`"at" must be top or bottom`)
	errMounts    = errors.New(`it has several mounts: add "mount"`)
)

// findRemoved returns the index of the archive that a DELETE names.
func (s *Server) findRemoved(now []archives.Spec, query url.Values) (int, error) {
	path := query.Get("path")
	if path == "" {
		return -1, errNoPath
	}
	paths := []string{path}
	if s.options.Resolve != nil {
		if shown, _, _ := s.options.Resolve(path); shown != "" {
			paths = append(paths, shown)
		}
	}
	var found []int
	for i, a := range now {
		if !slices.Contains(paths, a.Path) {
			continue
		}
		if sameMount(a.Mount, query.Get("mount")) { // "/" if there is none
			return i, nil
		}
		found = append(found, i)
	}
	switch {
	case len(found) == 0 || query.Has("mount"):
		return -1, fmt.Errorf("%w: %s", errNotServed, paths[len(paths)-1])
	case len(found) > 1:
		return -1, fmt.Errorf("%s: %w", paths[len(paths)-1], errMounts)
	}
	return found[0], nil
}

func sameMount(a, b string) bool { return strings.Trim(a, "/") == strings.Trim(b, "/") }

// find returns the index of an archive at a mount, or −1.
func find(list []archives.Spec, a archives.Spec) int {
	for i, b := range list {
		if b.Path == a.Path && sameMount(b.Mount, a.Mount) {
			return i
		}
	}
	return -1
}

// localOnly refuses changes through a host name. A page can make a browser resolve the page's own
// name to this address (DNS rebinding), and then has the same origin.
func localOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		_, err := netip.ParseAddr(strings.Trim(host, "[]"))
		if r.Method != http.MethodGet && err != nil && host != "localhost" && host != "" {
			http.Error(w, "call the admin server by its address or as localhost", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// change returns a handler that changes the list of archives. edit makes it from the present list
// and the one in the request.
func (s *Server) change(edit func(now, given []archives.Spec, r *http.Request) ([]archives.Spec,
	error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		given, err := readArchives(w, r)
		if err != nil {
			answer(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
			return
		}
		// A change that has begun goes on if the client goes away.
		err = s.library.Change(context.WithoutCancel(r.Context()),
			func(now []archives.Spec) ([]archives.Spec, error) {
				if s.handover.listing.Load() && r.URL.Path != "/reload" {
					return nil, errHandingOver
				}
				if err := s.resolve(given, now); err != nil {
					return nil, err
				}
				return edit(now, given, r)
			})
		if errors.Is(err, errHandingOver) {
			w.Header().Set("Retry-After", strconv.Itoa(adminRetry))
			answer(w, http.StatusServiceUnavailable, map[string]string{"error": err.Error()})
			return
		}
		s.reloads.count(err)
		if err != nil {
			s.options.Log("archives not changed: " + archives.Describe(err))
			status := http.StatusConflict
			switch {
			case errors.Is(err, errNotServed):
				status = http.StatusNotFound
			case errors.As(err, new(*refusedError)):
				status = http.StatusForbidden
			case errors.Is(err, errNoPath), errors.Is(err, errMounts), errors.Is(err, errBadPlace),
				errors.Is(err, ErrOption):
				status = http.StatusBadRequest
			}
			message := archives.Describe(err)
			var option *OptionError
			if errors.As(err, &option) { // of the request, where it is a key
				message = strings.ToLower(option.Option) + " " + option.Reason
			}
			answer(w, status, map[string]string{"error": message})
			return
		}
		s.options.Log("archives changed by " + r.Method + " " + r.URL.Path)
		s.answerList(w)
	}
}

// refusedError is the error of Options.Resolve.
type refusedError struct{ error }

func (e *refusedError) Unwrap() error { return e.error }

// resolve finds out how the archives of a request are opened. What is served already is opened in
// the same way, so that a list can be sent back.
func (s *Server) resolve(given, now []archives.Spec) error {
	for i := range given {
		a := &given[i]
		for _, served := range now {
			if a.Path == served.Path && served.Open != nil {
				a.Open = served.Open
			}
		}
		if a.Open != nil || s.options.Resolve == nil {
			continue
		}
		name, open, err := s.options.Resolve(a.Path)
		if err != nil {
			return &refusedError{err}
		}
		if open != nil {
			s.noteAsked(slices.Concat(now, given[:i]), name, a.Path)
			a.Path, a.Open = name, open
		}
	}
	return nil
}

// answerList answers with the archives that are served.
func (s *Server) answerList(w http.ResponseWriter) {
	list := s.library.List()
	if list == nil {
		list = []archives.Info{}
	}
	answer(w, http.StatusOK, map[string]any{"archives": list})
}

// answer answers with v in JSON.
func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(v)
}
