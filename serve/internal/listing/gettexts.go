package listing

// GetTexts are the texts of the pages with commands for downloads.
type GetTexts struct {
	More, Heading           string
	File, Selection, Folder string // what is downloaded
	Links, Commands, Sums   string
	Resume, Wget, Unpack    string // what commands do
	Check, Copy, Index, QR  string
	ArchiveDigest           string
}

var englishGet = GetTexts{
	More: "Commands, QR", Heading: "Get %s",
	File: "File", Selection: "Selection", Folder: "Folder",
	Links: "Links", Commands: "Commands for a shell", Sums: "Checksums",
	Resume: "Download with curl, or resume", Wget: "Download with wget, or resume",
	Unpack: "Download and unpack", Check: "Compare with the checksum",
	Copy: "Copy", Index: "Index of the archive (.tpi)", QR: "QR code of %s",
	ArchiveDigest: "Digest of the archive's index",
}

var germanGet = GetTexts{
	More: "Befehle, QR", Heading: "%s herunterladen",
	File: "Datei", Selection: "Auswahl", Folder: "Ordner",
	Links: "Links", Commands: "Befehle für eine Shell", Sums: "Prüfsummen",
	Resume: "Mit curl herunterladen oder fortsetzen",
	Wget:   "Mit wget herunterladen oder fortsetzen",
	Unpack: "Herunterladen und entpacken", Check: "Mit der Prüfsumme vergleichen",
	Copy: "Kopieren", Index: "Index des Archivs (.tpi)", QR: "QR-Code von %s",
	ArchiveDigest: "Prüfwert des Indexes des Archivs",
}
