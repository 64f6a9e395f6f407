package report

import (
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
)

// toolTitles are the names of tools on the page, if they differ from those in results.
var toolTitles = map[string]string{
	"tar-gzip":           "tar \\| gzip -6",
	"tar-pigz":           "tar \\| pigz -6",
	"zip":                "zip -6",
	"7z":                 "7z -tzip",
	"estargz":            "eStargz, level 6",
	"estargz-same-links": "eStargz, equal files linked",
	"mksquashfs":         "mksquashfs -comp gzip",
	"gzip-9-each":        "gzip -9 of each distinct file, added up",
	"tpk-hard-links":     "tpk extract --hard-links",
	"nginx-cache":        "nginx, open_file_cache",
	"nginx":              "nginx",
	"caddy":              "Caddy",
	"http-fileserver":    "Go http.FileServer, plain",
	"hello-fasthttp":     "hello world: fasthttp",
	"hello-net-http":     "hello world: net/http",
	"hello-nginx":        "hello world: nginx",
	"hello-caddy":        "hello world: Caddy",
	"vellum":             "vellum (FST)",
	"map":                "Go map",
	"sqlite":             "SQLite",
	"estargz-json":       "eStargz (JSON)",
	"plain":              "plain tree",
	"zip-go":             "zip, by Go",
	"squashfs":           "squashfs, mounted",
	"squashfuse":         "squashfs, by FUSE",
	"tpk-fs":             "tpk, io/fs",
	"tpk-level-0":        "tpk, packed with --level 0",
	"tpk-append":         "tpk add --append",
	"nginx-file":         "nginx, a file of these bytes",
	"cp-sync":            "cp, sync",
	"cat-sync":           "cat, sync",
	"gzip-pigz":          "gzip -dc \\| pigz -6",
	"find":               "find -printf %s",
	"tpk-sha256":         "tpk, --sha256",
	"tpk-patch":          "tpk, with a patch",
	"rsync":              "rsync -B 512, the archive",
	"rsync-tree":         "rsync -az, the tree",
	"zsync":              "zsync -Z",
	"casync":             "casync, the tree without times",
	"lookup":             "lookup, hot",
	"lookup-cold":        "lookup, cold",
	"http-first":         "http, first",
	"http-next":          "http, next",
	"curl":               "curl, the whole archive",
}

// changeTitles are the names of changes of an archive.
var changeTitles = map[string]string{
	"update-1-percent": "update, 1 % changed",
	"add-1-percent":    "add, 1 % more",
	"merge-2":          "merge two halves",
	"convert-tar.gz":   "convert a .tar.gz",
	"nothing":          "update, nothing changed",
}

// protocolTitles are the names of protocols.
var protocolTitles = map[string]string{
	"http":  "plain HTTP/1.1",
	"https": "HTTPS, HTTP/1.1",
	"h2":    "HTTP/2 over TLS",
}

func toolTitle(tool string) string {
	if t := toolTitles[tool]; t != "" {
		return t
	}
	return tool
}

// caseTitle returns a part of a case's name as text.
func caseTitle(key, value string) string {
	switch key {
	case "conns":
		if value == "1" {
			return "1 connection"
		}
		return commas(value) + " connections"
	case "protocol":
		return protocolTitles[value]
	case "streams":
		if value == "1" {
			return "1 stream each"
		}
		return commas(value) + " streams each"
	case "entries":
		return commas(value) + " entries"
	case "cache", "content":
		return value
	case "bytes":
		n, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			return value
		}
		return humanize.IBytes(n)
	case "format":
		return "as ." + value
	case "what":
		if title := changeTitles[value]; title != "" {
			return title
		}
	case "from", "to":
		return key + " " + value
	case "level":
		return "level " + value
	case "read":
		return strings.ReplaceAll(value, "-", " ")
	case "tree":
		kind, n, _ := strings.Cut(value, "-")
		switch {
		case kind == "files":
			return commas(n) + " files of 0–8 KiB"
		case kind == "photos":
			return n + " MB of photos"
		case kind == "large" && strings.HasSuffix(n, "M"):
			return "one file of " + strings.TrimSuffix(n, "M") + " MiB"
		case kind == "large":
			return "one file of " + n + " GiB"
		case value == "jdk-doc":
			return "openjdk-17-doc"
		case value == "goroot":
			return "GOROOT"
		}
	}
	return value
}

func commas(n string) string {
	x, err := strconv.ParseInt(n, 10, 64)
	if err != nil {
		return n
	}
	return humanize.Comma(x)
}
