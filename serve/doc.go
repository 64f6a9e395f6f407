// Package serve is a web server whose files lie in archives.
//
//	server.go       New, Run, Handler: what there is to call
//	listen.go       addresses, unix sockets, sockets from systemd
//	certificate.go  TLS certificates, renewed when their files change
//	reload.go       other archives without a pause: by watching, by request
//	admin.go        health, metrics, and archives to list, add, replace and remove
//	accesslog.go    a line a request
//
//	plan/           what goes out for a request: a pure function
//	archives/       which archives are served, and until when their files stay open
//	engine/         carries plans out over HTTP/1.1 and HTTP/2
//
// A program with a server of its own mounts [Server.Handler]; one that wants all of it calls [Server.Run].
package serve
