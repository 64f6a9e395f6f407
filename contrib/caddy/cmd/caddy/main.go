// Command caddy is Caddy with its standard modules and the handler for archives.
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/tarpack/tpk/contrib/caddy"
)

func main() { caddycmd.Main() }
