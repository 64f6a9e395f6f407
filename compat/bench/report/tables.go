package report

// A table shows all cases of one base: one table for each case, with a row for each tool.
type table struct {
	base, title string
	columns     []column
	charts      []chart
	// flat makes one table of all cases, with a row for each case and tool.
	flat bool
}

// A column is a figure and, if wanted, its ratio to tpk's figure.
type column struct {
	unit, title string
	ratio       bool
}

// A chart is an SVG file.
type chart struct {
	file, title, unit string
	// draw lines over this key of the case, with logarithmic axes; otherwise bars
	over string
	skip string // not cases whose name has this
}

// A part of the page is a family.
type part struct {
	family, title, intro string
	tables               []table
	after                func(*set) string // what follows the tables; nil: nothing
}

var parts = []part{
	{
		family: "pack", title: "Packing",
		intro: "The whole command, from a tree in memory to a file; medians. Only tpk calls " +
			"fsync, and only tpk " +
			"writes an index. Memory is that of the largest process. The eStargz is made by its " +
			"library, from the " +
			"tar that GNU tar writes.",
		tables: []table{
			{
				base: "Pack",
				columns: []column{
					{"sec/op", "wall", true}, {"cpu-sec/op", "CPU", true}, {"peak-B", "memory", false},
					{"B", "size", true}, {"index-B", "index", false},
				},
				charts: []chart{{file: "pack-wall", title: "Packing, wall time", unit: "sec/op"},
					{file: "pack-size", title: "Size of the archive", unit: "B"}},
			},
			{base: "PackSize", title: "Sizes, with the same links in place of equal files",
				columns: []column{{"B", "size", false}}, flat: true},
		},
	},
	{
		family: "extract", title: "Extracting",
		intro: "Archives are in memory, and the target is a new directory. bsdtar and GNU tar " +
			"extract tpk's archive; " +
			"unzip and unsquashfs extract their own formats.",
		tables: []table{
			{
				base: "Extract",
				columns: []column{{"sec/op", "wall", true}, {"cpu-sec/op", "CPU", true},
					{"peak-B", "memory", false}},
				charts: []chart{{file: "extract-wall", title: "Extracting everything, wall time",
					unit: "sec/op"}},
			},
			{
				base: "ExtractSome", title: "A few files",
				columns: []column{{"sec/op", "wall", true}, {"cpu-sec/op", "CPU", true},
					{"peak-B", "memory", false}},
				charts: []chart{{file: "extract-some", title: "Extracting a few files, wall time",
					unit: "sec/op"}},
			},
		},
	},
	{
		family: "serve", title: "Serving",
		intro: "wrk asks for random files of the tree on the same machine, with " +
			"`Accept-Encoding: gzip`. CPU is that " +
			"of the server's processes. nginx and Caddy serve `.gz` files made beforehand (`gzip_static`, " +
			"`precompressed`); http.FileServer sends plain files, and so more bytes. Each hello " +
			"world sends 3 KB " +
			"from memory. Memory includes the mapped pages of tpk's archive, which the kernel " +
			"takes back when it " +
			"needs them. *cold*: the kernel's caches were emptied, the server was restarted, " +
			"and each file is " +
			"asked for once.",
		tables: []table{{
			base: "Serve",
			columns: []column{
				{"cpu-sec/op", "CPU a request", true}, {"req/s", "requests", false}, {"p50-sec", "p50", false},
				{"p99-sec", "p99", false}, {"rss-B", "memory", false},
			},
			charts: []chart{{file: "serve-cpu", title: "CPU time a request", unit: "cpu-sec/op"}},
		}, {
			base: "ServeLarge", title: "A stored file of 1 GiB over one connection",
			columns: []column{{"B/s", "speed", false}, {"cpu-sec/op", "CPU", true}},
		}},
	},
	{
		family: "wire", title: "HTTP, HTTPS and HTTP/2",
		intro: "4,000 pages of the tree, with `Accept-Encoding: gzip`, over connections that stay " +
			"open. CPU is that of all processes of a server, the median of five or more rounds in " +
			"which the servers take turns. wrk sends the requests of HTTP/1.1, and h2load those of " +
			"HTTP/2, from one thread on the same machine, the next one when one is answered. What " +
			"comes before, handshakes included, does not count. Latencies are medians of nine rounds " +
			"of tpk and nginx with h2load over any protocol, in the same closed loop. nginx and Caddy " +
			"serve `.gz` files made beforehand. nginx has a worker a core, `gzip_static`, " +
			"`open_file_cache` and no `access_log`. All have the same ECDSA P-256 certificate and " +
			"encrypt with TLS_AES_128_GCM_SHA256.",
		tables: []table{{
			base: "Wire",
			columns: []column{{"cpu-sec/op", "CPU a request", true}, {"req/s", "requests", false},
				{"p50-sec", "p50", false}, {"p99-sec", "p99", true}},
			charts: []chart{{file: "wire-cpu", title: "CPU time a request", unit: "cpu-sec/op"}},
		}, {
			base: "WireIdle", title: "Idle connections, after one page over each",
			columns: []column{{"added-B", "more than with one", true}, {"rss-B", "memory", false}},
		}},
	},
	{
		family: "download", title: "A folder as a download",
		intro: "curl fetches a folder of an archive, with everything in the tree, on the same " +
			"machine. tpk makes it " +
			"from the archive's bytes while it sends. nginx has the same bytes in a file made " +
			"beforehand, and " +
			"sends it by sendfile. tar and gzip do what a server must do that has only files. " +
			"*first*: the first " +
			"download since the server was started, so the folder has to be laid out.",
		tables: []table{{
			base: "Download",
			columns: []column{{"B/s", "speed", true}, {"first-sec", "first byte", false},
				{"cpu-sec/op", "CPU", true}, {"B", "size", false}},
		}},
	},
	{
		family: "change", title: "Changing an archive",
		intro: "1 % of the files have changed, or as many are new. *merge* joins the two halves " +
			"of the archive; " +
			"*convert* reads what `tar -cz` makes of the tree. For comparison: the cost of " +
			"copying the bytes, " +
			"with and without waiting until they are on disk (tpk waits). *nothing*: looking " +
			"for changes in a " +
			"tree that has none; find calls lstat for each file and does nothing else.",
		tables: []table{{
			base: "Change",
			columns: []column{{"sec/op", "wall", true}, {"cpu-sec/op", "CPU", true},
				{"peak-B", "memory", false}},
			charts: []chart{{file: "change-wall", title: "Changing an archive, wall time", unit: "sec/op"}},
		}},
	},
	{
		family: "index", title: "The index",
		intro: "262,144 paths of 64 bytes on average are looked up in random order. Each is " +
			"brought into the " +
			"processor's cache before, as that of a request would be. *cold*: the first 4,096 " +
			"lookups after the " +
			"file was dropped from the page cache. *memory*: the whole process after opening " +
			"and these lookups. A " +
			"Go map is not opened but filled. Beyond what was measured: bytes an entry stay the " +
			"same (10^9 " +
			"entries take 71 GB), opening reads 512 bytes at any size, and a lookup touches one " +
			"cache line of the " +
			"table and one block of 16 paths, so two pages if nothing is in memory.",
		tables: []table{{
			base: "Index",
			columns: []column{
				{"hit-sec", "hit", true}, {"miss-sec", "miss", true}, {"cold-sec", "cold", true},
				{"allocs/op", "allocations", false},
				{"B/entry", "bytes an entry", false}, {"open-sec", "open", true}, {"rss-B", "memory", false},
			},
			charts: []chart{
				{file: "index-hit", title: "A lookup", unit: "hit-sec", over: "entries"},
				{file: "index-open", title: "Opening", unit: "open-sec", over: "entries"},
			},
		}},
	},
	{
		family: "range", title: "A range of a large file",
		intro: "1 KiB at random offsets, one request after the other over one connection. nginx " +
			"has the plain file. " +
			"*cold*: the file was dropped from the page cache.",
		tables: []table{{
			base: "Range",
			columns: []column{{"p50-sec", "p50", true}, {"p99-sec", "p99", true},
				{"cpu-sec/op", "CPU a request", true}, {"B", "file", false}},
			charts: []chart{{file: "range-p50", title: "1 KiB of a large file, median", unit: "p50-sec"}},
		}},
	},
	{
		family: "dataset", title: "A dataset",
		intro: "One goroutine reads every file of the tree of small files, in random order, as " +
			"a whole, through Go's " +
			"io/fs. Times are those of one file, with its share of opening the archive. The " +
			"squashfs is mounted " +
			"by the kernel; 5,000 of its files are read, because it decompresses 128 KiB for " +
			"any of them. *cold*: " +
			"20,000 of the files after the kernel's caches were emptied.",
		tables: []table{{
			base: "Dataset",
			columns: []column{{"sec/op", "a file", true}, {"cpu-sec/op", "CPU a file", true},
				{"peak-B", "memory", false}, {"B", "size", false}},
			charts: []chart{{file: "dataset-wall", title: "A file, in random order", unit: "sec/op"}},
		}},
	},
	{
		family: "mount", title: "A mounted archive",
		intro: "*nothing*: until the first folder can be listed. *names*: find -size +0. *random " +
			"files*: one of 10,000 files that are opened, read and closed, by one program. " +
			"*everything*: tar of all files. CPU: the process that serves the mount, and the programs. " +
			"Memory: that process alone. archivemount reads 20 files, as it " +
			"decompresses from the beginning for each; it has no row for what fails.",
		tables: []table{{
			base: "Mount",
			columns: []column{{"sec/op", "wall", true}, {"cpu-sec/op", "CPU", true},
				{"peak-B", "memory", false}},
		}},
	},
	{
		family: "pull", title: "Pulling a new version",
		intro: "Debian's packages, each from a version that the mirrors have to the next one. The " +
			"old version is on the disk, the new one on nginx on the same machine. All bytes of " +
			"all responses are counted, with headers and the index of the archive; *sent* are " +
			"those of the requests. rsync talks to another rsync through a pipe. casync and " +
			"rsync -az make a tree, not an archive; the rest make the new archive. CPU and memory " +
			"are those of the program, without the server; with rsync, they are those of both ends.",
		tables: []table{{
			base: "Pull",
			columns: []column{{"B", "received", true}, {"index-B", "the index", false},
				{"sent-B", "sent", false}, {"requests", "requests", false},
				{"cpu-sec/op", "CPU", true}, {"peak-B", "memory", false}},
			charts: []chart{{file: "pull-bytes", title: "Bytes received", unit: "B"}},
		}},
	},
	{
		family: "cluster", title: "Packing on a cluster",
		intro: "An S3 inventory in no order is planned for 64 shards. Two workers pack them, each with " +
			"one thread: files of 26 bytes, all in one tree that stands for each shard in turn. The set " +
			"is then joined from the indexes, opened and asked for random paths. (With `-huge` there " +
			"is one of 100,000,000 entries. 16 of its shards are packed. The other 48 are imitated: " +
			"they have the index of the first one with other paths.) *http*: `tpk ls URL PATH`, with an " +
			"empty cache and then for a path in another shard. *entries*: how many the figures are for. " +
			"Wall time of a machine that had other work to do. Memory is that of the largest " +
			"process, with the mapped pages of the index.",
		tables: []table{{
			base: "Cluster",
			columns: []column{{"entries", "entries", false}, {"sec/op", "wall", false},
				{"cpu-sec/op", "CPU", false}, {"peak-B", "memory", false}, {"B", "written", false},
				{"requests", "requests", false}, {"received-B", "received", false}},
		}},
		after: extrapolate,
	},
}
