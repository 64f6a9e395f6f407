// Package getpage renders the pages ?list=get: how a folder, a selection of its entries or one file
// of it can be downloaded. A page has links, commands for a shell, checksums, and a QR code.
//
//	get.go       what is asked for, and the page around it
//	offers.go    what can be downloaded, and what is known of it
//	json.go      the same for programs
//	commands.go  commands, quoted for a POSIX shell
//	origin.go    the address of the server, as the client sees it
//	qr.go        QR codes as SVG
package getpage
