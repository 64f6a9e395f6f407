package serve

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/basicauth"
	"github.com/tarpack/tpk/serve/internal/engine"
	"github.com/tarpack/tpk/serve/internal/forwarded"
	"github.com/tarpack/tpk/serve/internal/limit"
	"github.com/tarpack/tpk/serve/internal/nethttp"
	"github.com/tarpack/tpk/serve/internal/pages"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/record"
	"github.com/tarpack/tpk/serve/internal/respond"
)

// Server answers requests with the files of archives. Its methods are safe for concurrent use.
type Server struct {
	options   Options
	library   *archives.Library
	responder *respond.Responder
	access    *accessLog      // nil without one
	users     *basicauth.File // nil: everybody is allowed
	reloads   reloads
	verified  verifiedLog
	handover  handover

	askedMu sync.Mutex
	asked   map[string]string // by the name of an archive, the path that the admin server was given
}

// New returns a Server, which must be closed. It checks the options and opens Fallback, but no
// archive yet: see Load.
func New(o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = func(string) {}
	}
	if o.WriteTimeout == 0 {
		o.WriteTimeout = engine.DefaultWriteTimeout
	}
	live := func(a Archive) bool { return a.Live }
	if o.CacheControl == "" && slices.ContainsFunc(o.Archives, live) {
		o.CacheControl = "no-cache"
	}
	planner, err := plan.New(o.plan())
	if err != nil {
		return nil, err
	}
	for _, a := range o.Archives {
		if err := a.check(&o, planner.Hidden); err != nil {
			return nil, err
		}
	}
	trust, bad, err := forwarded.Parse(o.TrustProxy)
	if err != nil {
		return nil, plan.BadOption("TrustProxy", "%q: %v", bad, err)
	}
	unlimited, bad, err := forwarded.Parse(o.Unlimited)
	if err != nil {
		return nil, plan.BadOption("Unlimited", "%q: %v", bad, err)
	}
	if o.Trust != nil && o.Fallback != "" {
		return nil, plan.BadOption("Trust", "plain files, as in %s, are never signed", o.Fallback)
	}
	s := &Server{options: o, handover: handover{given: make(chan struct{})},
		asked: map[string]string{}}
	if s.users, err = openUsers(&o); err != nil {
		return nil, err
	}
	s.library, err = archives.NewLibrary(archives.Options{Fallback: o.Fallback, Nested: o.Nested,
		Notice: o.Log, Hidden: planner.Hidden, CacheDir: o.CacheDir,
		CacheSize: o.CacheSize, NoConvert: o.NoConvert,
		Trust: o.Trust, Rules: o.rules()})
	if err != nil {
		return nil, err
	}
	s.responder = &respond.Responder{
		Planner: planner, Library: s.library, Users: s.users,
		Passwords: limit.NewSlots(basicauth.Share),
		Trust:     trust, TrustForwarded: o.ProxyForwarded,
		Limits: o.limits(), Unlimited: unlimited,
		Errors: &record.Errors{Log: func(err error) { o.Log(err.Error()) }},
	}
	if o.Listing {
		s.responder.Lister = pages.New(planner)
	}
	if err := s.openAccessLog(); err != nil {
		s.library.Close()
		return nil, err
	}
	return s, nil
}

// openAccessLog makes answers be logged, if that is wanted.
func (s *Server) openAccessLog() (err error) {
	o := &s.options
	if o.AccessLog == nil {
		return nil
	}
	if s.access, err = newAccessLog(o.AccessLog, o.AccessFormat, o.Log); err == nil {
		s.responder.Access = s.access.log
	}
	return err
}

// openUsers opens the file of users, if there is one.
func openUsers(o *Options) (*basicauth.File, error) {
	if o.PasswordFile == "" {
		return nil, nil
	}
	return basicauth.Open(o.PasswordFile, o.Log)
}

// Close closes the archives and writes the rest of the access log. The Server must not be running.
// It waits for answers that still use an archive that the program has opened.
func (s *Server) Close() {
	s.library.Close()
	if s.access != nil {
		s.access.close()
	}
}

// Handler returns a handler for a net/http server. It answers 503 until Load has returned.
func (s *Server) Handler() http.Handler {
	return &nethttp.Handler{Responder: s.responder, WriteTimeout: s.options.WriteTimeout}
}

// Load opens the archives of Options. An archive without an index is indexed first, which takes as
// long as reading it. If an archive can't be opened nothing changes, and the error names it.
func (s *Server) Load(ctx context.Context) error { return s.load(ctx, nil) }

// load is Load with the archives of a former process, unless these are nil.
func (s *Server) load(ctx context.Context, former []Archive) (err error) {
	specs := make([]archives.Spec, 0, len(s.options.Archives))
	for _, a := range s.options.Archives {
		specs = append(specs, archives.Spec(a))
	}
	if former != nil {
		specs, err = s.takeOver(former, specs)
	}
	if err == nil {
		err = s.library.Load(ctx, specs)
	}
	s.reloads.count(err)
	return err
}

// Reload opens archives again whose files have changed. Answers under way finish with the old
// files. An archive that can't be opened stays what it was, and the error names it.
func (s *Server) Reload(ctx context.Context) error {
	err := s.library.Reload(ctx)
	if s.users != nil {
		err = errors.Join(err, s.users.Reload())
	}
	s.reloads.count(err)
	return err
}

// Alive waits until what answers requests has shown that it does not hang, for a watchdog. It
// returns the error of ctx if that ends first. The Server must be running.
func (s *Server) Alive(ctx context.Context) error { return engine.Alive(ctx) }

// newEngine returns an engine for connections.
func (s *Server) newEngine(o *RunOptions) *engine.Engine {
	return engine.New(engine.Config{
		Responder: s.responder, HeaderTimeout: o.HeaderTimeout, IdleTimeout: o.IdleTimeout,
		WriteTimeout: s.options.WriteTimeout, MaxHeader: o.MaxHeader, MaxConns: o.MaxConns,
		MaxConnsPerIP: o.MaxConnsPerIP,
		H2C:           o.H2C,
	})
}

// Defaults of RunOptions.
const (
	defaultShutdownTimeout = 30 * time.Second
	defaultDrainTimeout    = 5 * time.Minute
)
