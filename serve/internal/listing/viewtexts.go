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
	Line                            [2]string
	Wrap, GoToLine, GoToByte, Go    string
	Finding, NoLine, ReadFailed     string
	Beginning, Position, Start, End string
}

var englishView = ViewTexts{
	Type: "Type", Path: "Path", LinkTo: "Link to", Found: "Leads to", Same: "Kept once, as",
	Details: "Path and checksums", Ways: "Ways to show the file", Content: "Content",
	Download: "Download", CopyLink: "Copy link", CopyPath: "Copy path",
	Copied: "Copied", NotCopied: "Copying is not possible here.",
	Empty: "This file is empty.", Skip: "Skip to the content",
	Code: "Text", Hex: "Hex", Line: [2]string{"line", "lines"},
	Wrap: "Wrap lines", GoToLine: "Line", GoToByte: "Byte, as 4096 or 0x1000", Go: "Go",
	Finding: "Looking for the line …", NoLine: "There is no such place in this file.",
	ReadFailed: "The file can't be read now, or it has changed. Reload the page.",
	Beginning:  "The first %s of %s.", Position: "Position", Start: "Start", End: "End",
}

var germanView = ViewTexts{
	Type: "Typ", Path: "Pfad", LinkTo: "Verknüpfung zu", Found: "Führt zu",
	Same: "Einmal gespeichert, als", Details: "Pfad und Prüfsummen",
	Ways: "Ansichten der Datei", Content: "Inhalt",
	Download: "Herunterladen", CopyLink: "Link kopieren", CopyPath: "Pfad kopieren",
	Copied: "Kopiert", NotCopied: "Kopieren ist hier nicht möglich.",
	Empty: "Diese Datei ist leer.", Skip: "Zum Inhalt",
	Code: "Text", Hex: "Hex", Line: [2]string{"Zeile", "Zeilen"},
	Wrap: "Zeilen umbrechen", GoToLine: "Zeile", GoToByte: "Byte, wie 4096 oder 0x1000",
	Go: "Los", Finding: "Die Zeile wird gesucht …", NoLine: "Diese Stelle hat die Datei nicht.",
	ReadFailed: "Die Datei kann gerade nicht gelesen werden oder hat sich geändert. Laden Sie die " +
		"Seite neu.",
	Beginning: "Die ersten %s von %s.", Position: "Position", Start: "Anfang", End: "Ende",
}
