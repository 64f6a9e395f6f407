package report

import (
	"fmt"
	"strings"

	"github.com/tarpack/tpk/compat/bench/measure"
)

// A promise is a figure that must not exceed a limit.
type promise struct {
	what string
	most float64
	unit string // "" for a ratio
	got  func(*set) (float64, bool)
}

// promises are the promises of tpk about speed and size.
var promises = []promise{
	{"pack rust-doc: wall time, of tar \\| pigz", 0.65, "",
		ratio("Pack/tree=rust-doc", "tpk", "tar-pigz", "sec/op")},
	{"pack rust-doc: CPU time, of tar \\| pigz", 0.80, "",
		ratio("Pack/tree=rust-doc", "tpk", "tar-pigz", "cpu-sec/op")},
	{"pack rust-doc at level 9: bytes, of gzip -9 of each distinct file + 150 bytes an entry", 1, "",
		eachGzip},
	{"pack rust-doc at level 9: archive without its index, of eStargz with the same links", 1, "",
		ratio("PackSize/tree=rust-doc/level=9", "tpk", "estargz-same-links", "B")},
	{"pack rust-doc: index, bytes an entry", 80, "B/entry", indexBytes},
	{"pack 1,000,000 files: memory", 500e6, "peak-B", of("Pack/tree=files-1000000", "peak-B")},
	{"pack 1,000,000 files: wall time a file, of that among 30,000", 1.3, "", perFile("sec/op")},
	{"pack 1,000,000 files: CPU time a file, of that among 30,000", 1.3, "", perFile("cpu-sec/op")},
	{"extract rust-doc: wall time, of tar xzf", 0.50, "",
		ratio("Extract/tree=rust-doc", "tpk", "tar", "sec/op")},
	{"serve rust-doc: CPU a request, of nginx with open_file_cache", 0.85, "",
		ratio("Serve/tree=rust-doc/cache=hot/conns=32", "tpk", "nginx-cache", "cpu-sec/op")},
	{"serve 1,000,000 files, cold: CPU a request, of nginx with open_file_cache", 0.50, "",
		ratio("Serve/tree=files-1000000/cache=cold/conns=32", "tpk", "nginx-cache", "cpu-sec/op")},
	{"plain HTTP, 32 connections: CPU a request, of nginx", 0.65, "", wireCost("http", "32")},
	{"plain HTTP, 500 connections: CPU a request, of nginx", 0.7, "", wireCost("http", "500")},
	{"plain HTTP, 1,000 connections: CPU a request, of nginx", 0.7, "", wireCost("http", "1000")},
	{"plain HTTP, 1 connection: CPU a request, of nginx", 0.95, "", wireCost("http", "1")},
	{"plain HTTP: p99, of nginx, in the worst of these cases", 1.1, "",
		wireP99("http", "32", "500", "1000", "1")},
	{"HTTPS, 32 connections: CPU a request, of nginx", 0.8, "", wireCost("https", "32")},
	{"HTTPS, 500 connections: CPU a request, of nginx", 0.9, "", wireCost("https", "500")},
	{"HTTPS, 1,000 connections: CPU a request, of nginx", 0.9, "", wireCost("https", "1000")},
	{"HTTPS, 1 connection: CPU a request, of nginx", 1, "", wireCost("https", "1")},
	{"HTTPS: p99, of nginx, in the worst of these cases", 1.1, "",
		wireP99("https", "32", "500", "1000", "1")},
	{"HTTP/2, 32 connections × 10 streams: CPU a request, of nginx", 0.45, "",
		wireCost("h2", "32/streams=10")},
	{"HTTP/2, 32 connections × 1 stream: CPU a request, of nginx", 0.85, "",
		wireCost("h2", "32/streams=1")},
	{"HTTP/2, 500 connections × 10 streams: CPU a request, of nginx", 0.6, "",
		wireCost("h2", "500/streams=10")},
	{"HTTP/2, 1 connection × 10 streams: CPU a request, of nginx", 1, "",
		wireCost("h2", "1/streams=10")},
	{"HTTP/2: p99, of nginx, in the worst of these cases", 1.1, "",
		wireP99("h2", "32/streams=10", "32/streams=1", "500/streams=10", "1/streams=10")},
	{"1,000 idle connections, HTTPS: memory", 20e6, "added-B",
		of("WireIdle/tree=rust-doc/protocol=https/conns=1000", "added-B")},
	{"1,000 idle connections, HTTP/2: memory", 20e6, "added-B",
		of("WireIdle/tree=rust-doc/protocol=h2/conns=1000", "added-B")},
	{"a folder of rust-doc as tar.gz: time, of the same bytes from a file", 1 / 0.9, "",
		speed("Download/format=tar.gz/tree=rust-doc/download=again")},
	{"a folder of rust-doc as zip: time, of the same bytes from a file", 1 / 0.9, "",
		speed("Download/format=zip/tree=rust-doc/download=again")},
	{"a folder of rust-doc as tar.gz: CPU, of tar \\| gzip", 0.1, "",
		ratio("Download/format=tar.gz/tree=rust-doc/download=first", "tpk", "tar-gzip", "cpu-sec/op")},
	{"a folder of 100,000 entries as zip: first byte", 20e-3, "first-sec",
		of("Download/format=zip/tree=files-100000/download=first", "first-sec")},
	{"update 1 % of rust-doc: wall time, of cp", 1.3, "",
		ratio("Change/what=update-1-percent/tree=rust-doc", "tpk", "cp", "sec/op")},
	{"merge two halves of rust-doc: wall time, of cat", 1.3, "",
		ratio("Change/what=merge-2/tree=rust-doc", "tpk", "cat", "sec/op")},
	{"convert rust-doc.tar.gz: wall time, of gzip -dc \\| pigz -6", 1, "",
		ratio("Change/what=convert-tar.gz/tree=rust-doc", "tpk", "gzip-pigz", "sec/op")},
	{"find nothing to update in 1,000,000 files: memory", 300e6, "peak-B",
		of("Change/what=nothing/tree=files-1000000", "peak-B")},
	{"lookup among 10,000,000", 250e-9, "hit-sec", of("Index/entries=10000000", "hit-sec")},
	{"lookup among 10,000,000 of a path that is not there", 100e-9, "miss-sec",
		of("Index/entries=10000000", "miss-sec")},
	{"lookup: allocations", 0, "allocs/op", of("Index/entries=10000000", "allocs/op")},
	{"opening 10,000,000 entries", 1e-3, "open-sec", of("Index/entries=10000000", "open-sec")},
	{"opening 10,000,000 entries: memory of the process", 20e6, "rss-B",
		of("Index/entries=10000000", "open-B")},
	{"1 KiB of a deflated file of 4 GiB, median", 2e-3, "p50-sec",
		of("Range/bytes=4294967296/content=deflated/cache=hot", "p50-sec")},
	{"a small file of 1,000,000 at level 0 through io/fs: CPU, of plain files", 0.7, "",
		ratio("Dataset/tree=files-1000000/cache=hot", "tpk-level-0", "plain", "cpu-sec/op")},
	{"pull linux-doc-6.1 6.1.192-1 to -2: bytes", 5e6, "B",
		of("Pull/package=linux-doc-6.1/from=6.1.192-1/to=6.1.192-2", "B")},
	{"pull linux-doc-6.1 6.1.192-1 to -2: requests", 40, "requests",
		of("Pull/package=linux-doc-6.1/from=6.1.192-1/to=6.1.192-2", "requests")},
	{"pull python3.11-doc deb12u8 to deb12u9 with a patch: bytes", 8e6, "B",
		by("tpk-patch", "Pull/package=python3.11-doc/from=3.11.2-6+deb12u8/to=3.11.2-6+deb12u9", "B")},
	{"mount rust-doc: memory", 64 << 20, "peak-B",
		of("Mount/tree=rust-doc/read=everything", "peak-B")},
	{"find in rust-doc, mounted: wall time, of squashfuse", 1.2, "",
		ratio("Mount/tree=rust-doc/read=names", "tpk", "squashfuse", "sec/op")},
	{"read files of rust-doc, mounted: wall time, of squashfuse", 1.2, "",
		ratio("Mount/tree=rust-doc/read=random-files", "tpk", "squashfuse", "sec/op")},
	{"read all of rust-doc, mounted: wall time, of squashfuse", 1.2, "",
		ratio("Mount/tree=rust-doc/read=everything", "tpk", "squashfuse", "sec/op")},
}

// judge returns a table of the promises, and the number of broken ones.
func judge(s *set) (markdown string, broken int) {
	var out strings.Builder
	out.WriteString("| promise | at most | measured | |\n|---|--:|--:|---|\n")
	for _, p := range promises {
		got, ok := p.got(s)
		word := "not measured"
		figure := ""
		if ok {
			word, figure = "kept", p.format(got)
			if got > p.most {
				word = "**broken**"
				broken++
			}
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", p.what, p.format(p.most), figure, word)
	}
	return out.String(), broken
}

func (p promise) format(x float64) string {
	if p.unit == "" {
		return fmt.Sprintf("%.2f", x)
	}
	return measure.Format(measure.Value{Of: x, Unit: p.unit})
}

// of returns tpk's figure.
func of(name, unit string) func(*set) (float64, bool) { return by("tpk", name, unit) }

// by returns the figure of a tool.
func by(tool, name, unit string) func(*set) (float64, bool) {
	return func(s *set) (float64, bool) { return s.find(name).median(tool, unit) }
}

// ratio returns one tool's figure divided by another's.
func ratio(name, tool, other, unit string) func(*set) (float64, bool) {
	return func(s *set) (float64, bool) {
		return divide(s.find(name), tool, unit, s.find(name), other,
			unit)
	}
}

// speed returns the time that tpk takes to send something, divided by that of nginx.
func speed(name string) func(*set) (float64, bool) {
	return ratio(name, "nginx-file", "tpk", "B/s")
}

// wireCost returns the CPU time of a request, divided by that of nginx, with a number of
// connections.
func wireCost(protocol, conns string) func(*set) (float64, bool) {
	return wireRatio(protocol, conns, "cpu-sec/op")
}

// wireP99 returns the largest ratio of the 99th percentiles of tpk and nginx. All cases must have
// been measured.
func wireP99(protocol string, conns ...string) func(*set) (float64, bool) {
	return func(s *set) (worst float64, ok bool) {
		for _, c := range conns {
			x, ok := wireRatio(protocol, c, "p99-sec")(s)
			if !ok {
				return 0, false
			}
			worst = max(worst, x)
		}
		return worst, true
	}
}

func wireRatio(protocol, conns, unit string) func(*set) (float64, bool) {
	return ratio("Wire/tree=rust-doc/protocol="+protocol+"/conns="+conns, "tpk", "nginx-cache", unit)
}

func divide(a *kase, tool, unit string, b *kase, other, otherUnit string) (float64, bool) {
	x, ok := a.median(tool, unit)
	y, ok2 := b.median(other, otherUnit)
	return x / y, ok && ok2 && y > 0
}

func eachGzip(s *set) (float64, bool) {
	size, ok := s.find("PackSize/tree=rust-doc/level=9").median("tpk", "B")
	each, ok2 := s.find("PackSize/tree=rust-doc").median("gzip-9-each", "B")
	entries, ok3 := s.find("Pack/tree=rust-doc").median("tpk", "entries")
	return size / (each + 150*entries), ok && ok2 && ok3
}

func indexBytes(s *set) (float64, bool) {
	k := s.find("Pack/tree=rust-doc")
	return divide(k, "tpk", "index-B", k, "tpk", "entries")
}

// perFile returns the cost of an entry among many, divided by the cost among few of the same kind.
func perFile(unit string) func(*set) (float64, bool) {
	return func(s *set) (float64, bool) {
		many, few := s.find("Pack/tree=files-1000000"), s.find("Pack/tree=files-30000")
		x, ok := divide(many, "tpk", unit, many, "tpk", "entries")
		y, ok2 := divide(few, "tpk", unit, few, "tpk", "entries")
		return x / y, ok && ok2
	}
}
