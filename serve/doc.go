// Package serve is a web server whose files lie in archives.
//
// A program with a server of its own mounts [Server.Handler], after [Server.Load]. One that wants a
// complete server calls [Server.Run], which listens, reloads archives and ends in an orderly way.
//
//	options.go      what is served, how, and where
//	server.go       New, Handler, Load, Reload, Close
//	run.go          Run
//	address.go      addresses to listen on, of http and https
//	handover.go     listeners that one process hands over to the next
//	limits.go       what one client may ask for
//	listen.go       TCP addresses, unix sockets, sockets from systemd
//	tls.go          how connections speak TLS: versions, certificates by name, session tickets
//	certificate.go  TLS certificates, which are read again when their files change
//	siteconfig.go   rules of sites: _redirects and _headers
//	watch.go        archives that are replaced on disk
//	poll.go         archives that are replaced on a server
//	admin.go        health, metrics, and a list of archives that can be changed
//	metrics.go      what /metrics shows
//	accesslog.go    a line for each request
//
// The packages in internal do what happens to a request. Imports run downwards only; the linter
// checks that.
//
//	serve
//	├─ engine      accepts connections, and ends them all
//	│  └─ http1      the life of a connection of HTTP/1.x; the limits on connections
//	│     ├─ http2      the life of a connection of HTTP/2
//	│     │  └─ eventloop, head, hpack, respond
//	│     ├─ tlsconn    TLS over a connection of an event loop (Linux)
//	│     ├─ eventloop  many connections in one goroutine (Linux)
//	│     ├─ head       reads the head of a request
//	│     ├─ wire       writes to a connection, with deadlines, by write and writev
//	│     └─ respond
//	├─ forwarded   who the client is behind proxies; respond and http1 use it, too
//	├─ nethttp     the http.Handler
//	│  └─ respond
//	├─ basicauth   passwords of clients, by a file of users; respond uses it
//	├─ respond     answers one request: plans it, makes the head, sends the body
//	│  ├─ limit      what one client may ask for; serve uses it, too
//	│  └─ transfer   sends runs of files; wire and nethttp use it, too
//	├─ pages       tpk's own pages: which package renders one
//	│  ├─ compare     how two folders differ; textdiff compares the lines of files
//	│  ├─ fileview    the page of a file; below it, a package for each kind of content
//	│  ├─ getpage     commands, checksums and a QR code for a download
//	│  ├─ listing     renders folder pages and search results; fileview uses it, too
//	│  │  └─ markdown   renders Markdown as HTML that is harmless
//	│  ├─ code        source code in colours; markdown uses it, too
//	│  ├─ textenc     detects the encoding of text; archives uses it, too
//	│  └─ asset       styles, scripts and icons of pages
//	├─ archives    which archives are served, and until when their files stay open
//	│  ├─ browse     what pages show of them: lists, searches, overviews, comparisons
//	│  ├─ changes    how two folders differ; browse and compare use it
//	│  ├─ choice     which entries of a folder a query selects; listing uses it, too
//	│  ├─ contents   the entries of one archive, without what is hidden; listing uses it, too
//	│  ├─ describe   READMEs of a folder, and a paragraph of one
//	│  ├─ encoded    the variants file of an archive: contents in other encodings
//	│  ├─ guard      whether the file under an archive may be answered from; encoded uses it, too
//	│  ├─ gzipform   whether content is gzip to its end
//	│  ├─ live       follows a directory that changes all the time, and packs it
//	│  ├─ match      searches the paths of an index
//	│  ├─ natural    orders names as people do
//	│  ├─ nest       finds archives in a tree of plain files
//	│  ├─ overview   adds up a folder by type, and lays out treemaps; listing uses it, too
//	│  ├─ paths      paths of mounts and folders, and which are hidden; serve uses it, too
//	│  ├─ plain      a directory of plain files
//	│  ├─ recent     remembers the results that were asked for last
//	│  ├─ residence  which pages of an archive are in memory
//	│  ├─ textindex  the text index beside an archive
//	│  └─ turns      how many costly tasks run at the same time; pages use it, too
//	├─ plan        decides what the answer is: a pure function
//	│  ├─ siterules   rules of a site: its files _redirects and _headers
//	│  └─ ascii      text of requests
//	└─ record      counters, access records, errors
package serve
