package listing

// GetTexts are the texts of the pages with commands for downloads.
type GetTexts struct {
	More, Heading           string
	File, Selection, Folder string // what is downloaded
	Links, Commands, Sums   string
	Resume, Wget, Unpack    string // what commands do
	Check, CheckSigned      string
	Test, Copy, QR          string
	ArchiveDigest           string
	Paths                   string            // what names in a tar.gz begin with
	Errors                  string            // what to do about errors
	Beside                  map[string]string // files beside an archive, by format
}

var englishGet = GetTexts{
	More: "Commands, QR", Heading: "Get %s",
	File: "File", Selection: "Selection", Folder: "Folder",
	Links: "Links", Commands: "Commands for a shell", Sums: "Checksums",
	Resume: "Download with curl, or resume", Wget: "Download with wget, or resume",
	Unpack: "Download and unpack", Check: "Compare with the checksum",
	CheckSigned: "Compare with the checksums beside the archive", Test: "Test what was downloaded",
	Copy: "Copy", QR: "QR code of %s", ArchiveDigest: "Digest of the archive's index",
	Paths: "In the .tar.gz, names begin with %s as in the archive. In the .zip they do not.",
	Errors: "curl and wget go on where they were stopped. Error 416 means that everything is there " +
		"already; error 412 or 410 that this was replaced: delete the part that you have, and " +
		"reload this page.",
	Beside: map[string]string{"tpi": "Index of the archive", "tpx": "Text index",
		"tpv": "Variants", "sum": "Checksums", "minisig": "Signature of the checksums"},
}

var germanGet = GetTexts{
	More: "Befehle, QR", Heading: "%s herunterladen",
	File: "Datei", Selection: "Auswahl", Folder: "Ordner",
	Links: "Links", Commands: "Befehle für eine Shell", Sums: "Prüfsummen",
	Resume: "Mit curl herunterladen oder fortsetzen",
	Wget:   "Mit wget herunterladen oder fortsetzen",
	Unpack: "Herunterladen und entpacken", Check: "Mit der Prüfsumme vergleichen",
	CheckSigned: "Mit den Prüfsummen beim Archiv vergleichen", Test: "Heruntergeladenes prüfen",
	Copy: "Kopieren", QR: "QR-Code von %s", ArchiveDigest: "Prüfwert des Indexes des Archivs",
	Paths: "Im .tar.gz beginnen Namen wie im Archiv mit %s, im .zip nicht.",
	Errors: "curl und wget machen weiter, wo sie aufgehört haben. Fehler 416 heißt, dass schon " +
		"alles da ist; Fehler 412 oder 410, dass dies ersetzt wurde: Löschen Sie, was Sie haben, " +
		"und laden Sie diese Seite neu.",
	Beside: map[string]string{"tpi": "Index des Archivs", "tpx": "Textindex",
		"tpv": "Varianten", "sum": "Prüfsummen", "minisig": "Signatur der Prüfsummen"},
}
