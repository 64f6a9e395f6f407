package listing

// ViewTexts are the texts of the pages of files, beside those that they share with lists.
type ViewTexts struct {
	Type, Path, LinkTo, Found, Same string // of facts
	Details, Ways, Content          string
	Download, CopyLink, CopyPath    string
	Copied, NotCopied               string
	Empty                           string
	Skip                            string
	Code, Hex                       string // ways to show a file
	Folder                          string
}

var englishView = ViewTexts{
	Type: "Type", Path: "Path", LinkTo: "Link to", Found: "Leads to", Same: "Kept once, as",
	Details: "Path and checksums", Ways: "Ways to show the file", Content: "Content",
	Download: "Download", CopyLink: "Copy link", CopyPath: "Copy path",
	Copied: "Copied", NotCopied: "Copying is not possible here.",
	Empty: "This file is empty.", Skip: "Skip to the content",
	Code: "Text", Hex: "Hex", Folder: "To the folder",
}

var germanView = ViewTexts{
	Type: "Typ", Path: "Pfad", LinkTo: "Verknüpfung zu", Found: "Führt zu",
	Same: "Einmal gespeichert, als", Details: "Pfad und Prüfsummen",
	Ways: "Ansichten der Datei", Content: "Inhalt",
	Download: "Herunterladen", CopyLink: "Link kopieren", CopyPath: "Pfad kopieren",
	Copied: "Kopiert", NotCopied: "Kopieren ist hier nicht möglich.",
	Empty: "Diese Datei ist leer.", Skip: "Zum Inhalt",
	Code: "Text", Hex: "Hex", Folder: "Zum Ordner",
}
