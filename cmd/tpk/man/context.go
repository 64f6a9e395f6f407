package man

import (
	"slices"
	"strings"

	"github.com/tarpack/tpk/cmd/tpk/cli"
)

// A fact is an environment variable or a file. The page of a command has it if the command has one
// of the flags, or if its text has one of the words.
type fact struct {
	name, about string
	flags       []string
	words       []string
}

// concerns reports whether the fact belongs to the page of a command with a text.
func (f fact) concerns(cmd *cli.Command, text string) bool {
	for _, flag := range cmd.Flags {
		if slices.Contains(f.flags, flag.Names()[0]) {
			return true
		}
	}
	return slices.ContainsFunc(f.words, func(w string) bool { return strings.Contains(text, w) })
}

var environment = []fact{
	{
		name:  "SOURCE_DATE_EPOCH",
		about: "Seconds since 1970. Later modification times of files are clamped to it.",
		flags: []string{"mtime"},
	},
	{
		name: "XDG_CACHE_HOME",
		about: "The directory tpk in it has converted archives and parts of archives on servers." +
			" If it is not set, this is ~/.cache/tpk.",
		flags: []string{"cache", "no-convert"},
	},
	{
		name:  "CACHE_DIRECTORY",
		about: "Used instead by tpk serve, without a directory tpk in it: systemd sets it.",
		flags: []string{"listen"},
	},
	{
		name:  "TPK_LISTEN, TPK_MAX_CONNS",
		about: "Values of flags of tpk serve. Each of its flags has such a variable.",
		flags: []string{"listen"},
	},
	{
		name:  "LISTEN_FDS, LISTEN_PID",
		about: "Sockets that systemd passes: the server listens on them.",
		flags: []string{"listen"},
	},
	{
		name:  "NOTIFY_SOCKET, WATCHDOG_USEC",
		about: "How to tell the service manager about the server: see sd_notify(3).",
		flags: []string{"listen"},
	},
	{
		name: "HTTPS_PROXY, HTTP_PROXY, NO_PROXY",
		about: "The proxies to use for URLs, and the hosts to ask without one, separated by" +
			" commas.",
		flags: []string{"cacert"},
	},
	{
		name:  "NETRC",
		about: "The file to use as the netrc file.",
		flags: []string{"http-header"},
	},
	{
		name:  "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN",
		about: "Keys for S3. Without them, those in the files of Amazon's tools are used.",
		flags: []string{"s3-endpoint"},
	},
	{
		name:  "AWS_PROFILE",
		about: "The profile to use of the files of Amazon's tools.",
		flags: []string{"s3-endpoint"},
	},
	{
		name:  "AWS_REGION, AWS_DEFAULT_REGION",
		about: "The region of the bucket.",
		flags: []string{"s3-endpoint"},
	},
	{
		name:  "AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL",
		about: "The server for S3, as for --s3-endpoint.",
		flags: []string{"s3-endpoint"},
	},
	{
		name:  "TMPDIR",
		about: "The directory for temporary files where the result is no file. It needs as much room.",
		words: []string{"tpk convert"},
	},
	{
		name: "GOGC, GOMEMLIMIT",
		about: "How much memory may be used before it is collected: see the documentation of Go's" +
			" package runtime. tpk chooses for itself if they are not set.",
	},
}

var files = []fact{
	{
		name:  "NAME.tar.gz.tpi",
		about: "The index of NAME.tar.gz. It can be rebuilt with 'tpk index'.",
		flags: []string{"mtime", "no-convert", "dedup", "embed", "cache"},
		words: []string{".tpi", "ARCHIVE"},
	},
	{
		name:  "NAME-of-00016.tar.gz.tps",
		about: "The list of a shard set of 16 archives. Its index is NAME-of-00016.tar.gz.tps.tpi.",
		flags: []string{"shards"},
		words: []string{"shard set"},
	},
	{
		name:  "NAME.tar.gz.tpv",
		about: "Files of the archive in other codings: see 'tpk help variants'.",
		words: []string{".tpv"},
	},
	{
		name:  "NAME.tar.gz.tpx",
		about: "The text index, for searches in documents: see 'tpk help index'.",
		words: []string{".tpx"},
	},
	{
		name:  "NAME.tar.gz.sum, NAME.tar.gz.sum.minisig",
		about: "Checksums of archive and index, and their signature: see 'tpk help sign'.",
		flags: []string{"public-key", "secret-key"},
		words: []string{".sum"},
	},
	{
		name:  ".NAME.tpk-tmp",
		about: "A file that is being written. What a killed command leaves is removed by the next one.",
		flags: []string{"mtime", "dedup", "embed"},
		words: []string{".tpk-tmp"},
	},
	{
		name:  "~/.cache/tpk",
		about: "Converted archives, and parts of archives on servers. All of it may be deleted.",
		flags: []string{"cache", "no-convert"},
	},
	{
		name:  "~/.netrc",
		about: "Passwords for servers: lines with machine, login and password.",
		flags: []string{"http-header"},
	},
	{
		name:  "~/.aws/credentials, ~/.aws/config",
		about: "Keys and profiles for S3.",
		flags: []string{"s3-endpoint"},
	},
}
