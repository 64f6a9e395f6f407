// Package website writes the files that make an archive on a plain web server a web site. They are
// made from the directory js:
//
//	index.html, 404.html  start the service worker
//	tpk-sw.js             the service worker: it answers every path of the site
//	tpk-reader.js         the reader of archives, which it loads
//
// The server needs to do nothing but answer requests for ranges. The worker runs in the browser. It
// reads the archive by ranges, and answers as package serve does.
package website
