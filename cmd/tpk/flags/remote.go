package flags

import (
	"net/http"
	"strings"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/tarpack/remote/web"
)

var indexNames = []string{"build"}

// Server returns the flags of every command that asks servers.
func Server() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringSliceFlag{
			Name:  "http-header",
			Usage: "send the header field `'NAME: VALUE'` to the server of the archive (repeatable)",
		},
	}, server()...)
}

func server() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "cacert", Usage: "trust the certificates in the PEM `FILE`, not the system's",
		},
		&cli.StringFlag{Name: "s3-endpoint", Usage: "ask the S3 server at `URL`, not Amazon's"},
	}
}

// Upload returns the flags of the commands that write archives to S3.
func Upload() []cli.Flag {
	return append(server(), &cli.StringFlag{
		Name: "part-size", DefaultText: "8MiB, and more after 1,000 parts",
		Usage: "upload in parts of `SIZE`",
	})
}

// Remote returns the flags of every command that reads parts of archives on servers.
func Remote() []cli.Flag {
	return append(Server(),
		&cli.StringFlag{
			Name: "index", Action: OneOf("index", indexNames),
			Usage: "if there is no index on the server, `MODE` build downloads the archive to" +
				" build one, which the cache keeps",
		},
		&cli.StringFlag{
			Name: "cache", Usage: "keep what was downloaded or converted in the directory `DIR`",
		},
		&cli.StringFlag{
			Name: "cache-size", DefaultText: "10GiB, at most a tenth of the disk",
			Usage: "keep at most `SIZE` there, such as 500MB",
		})
}

// RemoteOptions are the values of the flags of [Remote].
type RemoteOptions struct {
	Header     http.Header
	CAFile     string
	S3Endpoint string
	BuildIndex bool
	CacheDir   string // "" is the default
	CacheSize  int64  // in bytes; 0 is the default
}

// ReadRemote returns the values of the flags of [Remote], or of [Server].
func ReadRemote(c *cli.Context) (*RemoteOptions, error) {
	o := &RemoteOptions{
		CAFile: c.String("cacert"), S3Endpoint: c.String("s3-endpoint"),
		BuildIndex: c.String("index") == "build", CacheDir: c.String("cache"), Header: http.Header{},
	}
	for _, h := range c.StringSlice("http-header") {
		name, value, ok := strings.Cut(h, ":")
		if !ok || name == "" { // the value may be a secret
			return nil, report.Usagef("%s: --http-header: must be 'NAME: VALUE'", c.Command.Name)
		}
		value = strings.TrimSpace(value)
		if err := web.CheckField(name, []string{value}); err != nil {
			return nil, report.Usagef("%s: --http-header: %v", c.Command.Name, err)
		}
		o.Header.Add(name, value)
	}
	for _, name := range []string{"cacert", "s3-endpoint", "cache"} {
		if c.IsSet(name) && c.String(name) == "" {
			return nil, report.Usagef("%s: --%s: needs a value", c.Command.Name, name)
		}
	}
	var err error
	if c.IsSet("cache-size") {
		o.CacheSize, err = ParseSize(c.Command.Name, "cache-size", c.String("cache-size"))
	}
	return o, err
}
