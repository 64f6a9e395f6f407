// Package caddytpk is a module for the web server Caddy, http.handlers.tpk: it serves the files in
// tpk's archives, as tpk serve does, behind all that Caddy has: certificates of its own, HTTP/3,
// authentication.
//
//	handler.go    the module: its configuration, its life, requests
//	caddyfile.go  the directive tpk
//	passthru.go   requests that the next handler answers
package caddytpk

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/remote/blocks"
	"github.com/tarpack/tpk/tarpack/signature"
)

func init() { caddy.RegisterModule(new(Handler)) }

// Archive is an archive to serve, and where.
type Archive struct {
	// Path is a file, the first shard or the list of a shard set, a directory of plain files, or the
	// URL of an archive (http, https, s3). A tar or zip of another program is converted first. It
	// may have placeholders such as {env.SITE}.
	Path string `json:"path"`
	// Mount is the path of URLs below which its files are. Empty is the root.
	Mount string `json:"mount,omitempty"`
}

// Handler serves the files in archives. If several have a path, the first that is given answers,
// those with longer mounts before the others. An archive that is replaced is opened again, without
// an answer of two generations. The body of a file is what lies in the archive: it is compressed
// already, so that encode finds nothing to do.
type Handler struct {
	Archives []Archive `json:"archives"`
	// Wait allows for archives that are not there yet. Until one is, its Mount is answered with 503.
	Wait bool `json:"wait,omitempty"`
	// NoWatch does not look whether files were replaced: reload the configuration then.
	NoWatch bool `json:"no_watch,omitempty"`
	// Poll is the time between two looks at archives on servers. Zero is never.
	Poll caddy.Duration `json:"poll,omitempty"`
	// PublicKey, or the name of a file with it, demands archives that were signed with its secret
	// key.
	PublicKey string `json:"public_key,omitempty"`
	// CacheDir is a directory for built indexes, converted archives, and what was fetched from
	// servers. Without one they are in temporary files and in memory.
	CacheDir string `json:"cache_dir,omitempty"`
	// CacheSize is how many bytes it may have. Zero is 10 GiB, but at most a tenth of the disk.
	CacheSize int64 `json:"cache_size,omitempty"`
	// NoConvert refuses archives of other programs.
	NoConvert bool `json:"no_convert,omitempty"`

	// PassThru leaves requests for paths that no archive has, and of methods other than GET, HEAD
	// and OPTIONS, to the next handler.
	PassThru bool `json:"pass_thru,omitempty"`
	// SPA answers paths that are not there with the root's index.html.
	SPA        bool `json:"spa,omitempty"`
	NoListing  bool `json:"no_listing,omitempty"`  // folders without index.html are not listed
	NoDownload bool `json:"no_download,omitempty"` // archives and folders can't be downloaded
	// Hide are globs of paths that are answered as if they were not there, besides names that start
	// with a dot.
	Hide []string `json:"hide,omitempty"`
	// Types are media types by extension, as "md": "text/markdown".
	Types map[string]string `json:"types,omitempty"`
	// CacheControl is the Cache-Control of files.
	CacheControl string   `json:"cache_control,omitempty"`
	Immutable    []string `json:"immutable,omitempty"` // globs of files that never change
	Gzipped      []string `json:"gzipped,omitempty"`   // globs of files whose content is gzip
	Identity     []string `json:"identity,omitempty"`  // globs of files sent without a coding
	CORS         []string `json:"cors,omitempty"`      // origins whose scripts may read answers

	server  *serve.Server
	handler http.Handler
	blocks  *blocks.Cache      // nil without an archive on a server
	stop    context.CancelFunc // ends what follows archives
	follows sync.WaitGroup
}

// CaddyModule implements caddy.Module.
func (*Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.tpk",
		New: func() caddy.Module { return new(Handler) },
	}
}

// Provision implements caddy.Provisioner. It opens the archives. One without an index is indexed
// first, which takes as long as reading it.
func (h *Handler) Provision(ctx caddy.Context) error {
	if len(h.Archives) == 0 {
		return fmt.Errorf("tpk: no archive: it is 'tpk site.tar.gz' in a Caddyfile")
	}
	options, err := h.options(ctx.Logger())
	if err != nil {
		return fmt.Errorf("tpk: %w", err)
	}
	if h.server, err = serve.New(options); err != nil {
		return fmt.Errorf("tpk: %w", err)
	}
	if err := h.server.Load(ctx); err != nil {
		return fmt.Errorf("tpk: %w", err)
	}
	h.handler = h.server.Handler()
	following, stop := context.WithCancel(context.Background())
	h.stop = stop
	if !h.NoWatch {
		h.follows.Go(func() { h.server.Watch(following) })
	}
	if h.Poll > 0 {
		h.follows.Go(func() { h.server.Poll(following, time.Duration(h.Poll)) })
	}
	return nil
}

// options returns what package serve is to serve.
func (h *Handler) options(log *zap.Logger) (serve.Options, error) {
	o := serve.Options{
		CacheDir: h.CacheDir, CacheSize: h.CacheSize, NoConvert: h.NoConvert, SPA: h.SPA,
		Listing: !h.NoListing, NoDownload: h.NoDownload, HideMore: h.Hide, Types: h.Types,
		CacheControl: h.CacheControl, Immutable: h.Immutable, Gzipped: h.Gzipped,
		Identity: h.Identity, CORS: h.CORS,
		Log: func(message string) { log.Info(message) },
	}
	if h.PublicKey != "" {
		key, err := signature.ReadPublicKey(h.PublicKey)
		if err != nil {
			return o, err
		}
		o.Trust = &signature.Trust{Key: key}
	}
	replacer := caddy.NewReplacer()
	for _, a := range h.Archives {
		path, err := replacer.ReplaceOrErr(a.Path, true, true)
		if err != nil {
			return o, err
		}
		archive := serve.Archive{Path: path, Mount: a.Mount, Wait: h.Wait}
		if remote.IsURL(path) {
			archive.Open = h.opener(path, &o)
		}
		o.Archives = append(o.Archives, archive)
	}
	return o, nil
}

// opener returns a function that opens an archive on a server.
func (h *Handler) opener(url string, o *serve.Options) func(
	context.Context) (*tarpack.Archive, error) {
	notice := func(err error) { o.Log(url + ": " + err.Error()) }
	if h.blocks == nil && h.CacheDir != "" {
		h.blocks = blocks.New(blocks.Options{Dir: h.CacheDir, Limit: h.CacheSize, Notice: notice})
	}
	ro := &remote.Options{Blocks: h.blocks, BuildIndex: true, Trust: o.Trust, Notice: notice}
	return func(ctx context.Context) (*tarpack.Archive, error) {
		return remote.Open(ctx, url, ro)
	}
}

// Cleanup implements caddy.CleanerUpper. Answers under way finish from the files that are open.
func (h *Handler) Cleanup() error {
	if h.stop != nil {
		h.stop()
		h.follows.Wait()
	}
	if h.server != nil {
		h.server.Close()
	}
	return nil
}

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if !h.PassThru {
		h.handler.ServeHTTP(w, r)
		return nil
	}
	if !slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodOptions}, r.Method) {
		return next.ServeHTTP(w, r)
	}
	p := &passer{ResponseWriterWrapper: caddyhttp.ResponseWriterWrapper{ResponseWriter: w}}
	h.handler.ServeHTTP(p, r)
	if p.missing {
		return next.ServeHTTP(w, r)
	}
	return nil
}

var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddy.CleanerUpper          = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
)
