package caddytpk

import (
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/dustin/go-humanize"
)

func init() {
	httpcaddyfile.RegisterDirective("tpk", parse)
	httpcaddyfile.RegisterDirectiveOrder("tpk", httpcaddyfile.Before, "file_server")
}

// parse implements httpcaddyfile.UnmarshalFunc. What stands alone on the line is the archive, even
// if it begins with a slash, as a matcher of paths does. The directive root has the same rule.
func parse(helper httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
	helper.Next() // the directive's name
	var matcher caddy.ModuleMap
	alone := ""
	switch helper.CountRemainingArgs() {
	case 0:
	case 1:
		helper.NextArg()
		alone = helper.Val()
	case 2:
		alone = "*"
	default:
		return nil, helper.Err("one archive stands on the line: give others a line 'mount PATH ARCHIVE'")
	}
	helper.Reset()
	if alone == "*" || strings.HasPrefix(alone, "@") {
		helper.Next()
		var err error
		if matcher, err = helper.ExtractMatcherSet(); err != nil {
			return nil, err
		}
	}
	h := new(Handler)
	if err := h.UnmarshalCaddyfile(helper.Dispenser); err != nil {
		return nil, err
	}
	return helper.NewRoute(matcher, h), nil
}

// UnmarshalCaddyfile implements caddyfile.Unmarshaler. The syntax of the directive:
//
//	tpk [<matcher>] [<archive>] {
//	    mount         <path> <archive>
//	    wait
//	    no_watch
//	    poll          <interval>
//	    public_key    <key or file>
//	    cache         <directory> [<size>]
//	    no_convert
//	    pass_thru
//	    spa
//	    no_listing
//	    no_download
//	    hide          <globs...>
//	    type          <extension> <media type>
//	    cache_control <value>
//	    immutable     <globs...>
//	    gzipped       <globs...>
//	    identity      <globs...>
//	    cors          <origins...>
//	}
func (h *Handler) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the directive's name
	if d.NextArg() {
		h.Archives = append(h.Archives, Archive{Path: d.Val()})
	}
	if d.NextArg() {
		return d.ArgErr()
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		if err := h.unmarshal(d); err != nil {
			return err
		}
	}
	if len(h.Archives) == 0 {
		return d.Err("no archive: it is 'tpk site.tar.gz'")
	}
	return nil
}

// unmarshal reads a line of the block.
func (h *Handler) unmarshal(d *caddyfile.Dispenser) error {
	name := d.Val()
	if set, ok := h.switches()[name]; ok {
		*set = true
		if d.NextArg() {
			return d.ArgErr()
		}
		return nil
	}
	if list, ok := h.lists()[name]; ok {
		values := d.RemainingArgs()
		*list = append(*list, values...)
		if len(values) == 0 {
			return d.ArgErr()
		}
		return nil
	}
	args := d.RemainingArgs()
	switch {
	case name == "cache" && (len(args) == 1 || len(args) == 2):
		return h.setCache(d, args)
	case name == "cache_control" && len(args) == 1:
		h.CacheControl = args[0]
	case name == "mount" && len(args) == 2:
		h.Archives = append(h.Archives, Archive{Mount: args[0], Path: args[1]})
	case name == "poll" && len(args) == 1:
		every, err := caddy.ParseDuration(args[0])
		if err != nil || every <= 0 {
			return d.Errf("poll %s: it is a time, as 10s", args[0])
		}
		h.Poll = caddy.Duration(every)
	case name == "public_key" && len(args) == 1:
		h.PublicKey = args[0]
	case name == "type" && len(args) == 2:
		if h.Types == nil {
			h.Types = map[string]string{}
		}
		h.Types[args[0]] = args[1]
	default:
		for _, known := range []string{"cache", "cache_control", "mount", "poll", "public_key", "type"} {
			if name == known {
				return d.ArgErr()
			}
		}
		return d.Errf("tpk has no option %s", name)
	}
	return nil
}

// setCache reads the arguments of cache.
func (h *Handler) setCache(d *caddyfile.Dispenser, args []string) error {
	h.CacheDir = args[0]
	if len(args) == 1 {
		return nil
	}
	size, err := humanize.ParseBytes(args[1])
	if err != nil || size == 0 || size > 1<<62 {
		return d.Errf("cache %s: it is a size, as 20GiB", args[1])
	}
	h.CacheSize = int64(size)
	return nil
}

// switches returns the options without an argument.
func (h *Handler) switches() map[string]*bool {
	return map[string]*bool{
		"no_convert": &h.NoConvert, "no_download": &h.NoDownload, "no_listing": &h.NoListing,
		"no_watch": &h.NoWatch, "pass_thru": &h.PassThru, "spa": &h.SPA, "wait": &h.Wait,
	}
}

// lists returns the options with any number of arguments.
func (h *Handler) lists() map[string]*[]string {
	return map[string]*[]string{
		"cors": &h.CORS, "gzipped": &h.Gzipped, "hide": &h.Hide, "identity": &h.Identity,
		"immutable": &h.Immutable,
	}
}

var _ caddyfile.Unmarshaler = (*Handler)(nil)
