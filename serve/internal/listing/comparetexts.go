package listing

import "github.com/tarpack/tpk/sidecar"

// CompareTexts are the texts of the pages that compare folders, beside those that they share with
// others.
type CompareTexts struct {
	Title, With, Archives           string // of the ways to the page
	Skip, Old, New                  string
	OldFolder, NewFolder            string
	Do, Swap, Choose, Back          string
	NoFolder, Mixed, Busy           string
	Filters, Contents, All          string
	Added, Removed, Changed, Moved  string
	Attributes                      string
	NAdded, NRemoved                string
	NChanged, NMoved                string
	BytesAdded, BytesRemoved        string
	BytesChanged                    string
	Folders, Files, MoreFolders     string
	Same, OnlyAttributes            string
	NoneOfThese                     string
	Before, After                   string
	SameFile, SameText, SameContent string
	Binary, TooLarge                string
	AllLines, FewLines              string
	SameLines, Characters           [2]string
	Mode, Nothing, MovedFrom        string
	Kinds                           map[string]string // by class
	What                            map[string]string // by the words of JSON
	Types                           map[sidecar.Type]string
}

var englishCompare = CompareTexts{
	Title: "Compare", With: "Compare…", Archives: "Compare archives",
	Skip: "Skip to what differs", Old: "Old", New: "New",
	OldFolder: "Old folder", NewFolder: "New folder",
	Do: "Compare", Swap: "Swap", Back: "All that differs",
	Choose:   "Choose two folders. Each may be in any archive here.",
	NoFolder: "There is no folder %s.",
	Mixed: "%s can't be compared: it is not a folder of one archive alone. Choose a folder in it, " +
		"or the folder of an archive.",
	Busy:    "Comparing takes too long now. Try again in a moment, or choose smaller folders.",
	Filters: "What is shown", Contents: "Contents", All: "All",
	Added: "Added", Removed: "Removed", Changed: "Changed", Moved: "Moved",
	Attributes: "Time or mode only",
	NAdded:     "%s added", NRemoved: "%s removed", NChanged: "%s changed", NMoved: "%s moved",
	BytesAdded: "%s added", BytesRemoved: "%s removed", BytesChanged: "%s changed to %s",
	Folders: "By folder", Files: "What differs", MoreFolders: "%s more folders are in the list below.",
	Same: "Nothing differs.", OnlyAttributes: "The contents are the same. Times or modes differ.",
	NoneOfThese: "Nothing differs in this way.",
	Before:      "Previous file", After: "Next file",
	SameFile:    "This file is the same in both folders.",
	SameText:    "The text is the same. How it is encoded, or how its lines end, differs.",
	SameContent: "The content is the same.",
	Binary:      "These files are not text, so they can't be compared line by line.",
	TooLarge: "Files of more than %s or %s lines are not compared line by line. Open or download " +
		"both to compare them.",
	AllLines: "Show all lines", FewLines: "Show what differs",
	SameLines:  [2]string{"line is the same", "lines are the same"},
	Characters: [2]string{"character", "characters"},
	Mode:       "Mode", Nothing: "nothing", MovedFrom: "moved from",
	Kinds: map[string]string{"added": "Added", "removed": "Removed", "changed": "Changed",
		"moved": "Moved", "attributes": "Attributes"},
	What: map[string]string{"type": "type", "content": "content", "mode": "mode", "mtime": "time",
		"link": "link", "device": "device"},
	Types: map[sidecar.Type]string{sidecar.TypeDir: "Folder", sidecar.TypeSymlink: "Link",
		sidecar.TypeFIFO: "FIFO", sidecar.TypeChar: "Character device",
		sidecar.TypeBlock: "Block device"},
}

var germanCompare = CompareTexts{
	Title: "Vergleich", With: "Vergleichen…", Archives: "Archive vergleichen",
	Skip: "Zu den Unterschieden", Old: "Alt", New: "Neu",
	OldFolder: "Alter Ordner", NewFolder: "Neuer Ordner",
	Do: "Vergleichen", Swap: "Tauschen", Back: "Alle Unterschiede",
	Choose:   "Wählen Sie zwei Ordner. Jeder kann in einem beliebigen Archiv hier sein.",
	NoFolder: "Es gibt keinen Ordner %s.",
	Mixed: "%s kann nicht verglichen werden: der Ordner gehört nicht zu einem Archiv allein. " +
		"Wählen Sie einen Ordner darin oder den Ordner eines Archivs.",
	Busy: "Der Vergleich dauert gerade zu lange. Versuchen Sie es gleich noch einmal, oder wählen " +
		"Sie kleinere Ordner.",
	Filters: "Was gezeigt wird", Contents: "Inhalte", All: "Alles",
	Added: "Neu", Removed: "Entfernt", Changed: "Geändert", Moved: "Verschoben",
	Attributes: "Nur Zeit oder Rechte",
	NAdded:     "%s neu", NRemoved: "%s entfernt", NChanged: "%s geändert", NMoved: "%s verschoben",
	BytesAdded: "%s neu", BytesRemoved: "%s entfernt", BytesChanged: "%s geändert zu %s",
	Folders: "Nach Ordnern", Files: "Unterschiede",
	MoreFolders: "%s weitere Ordner sind in der Liste unten.",
	Same:        "Es gibt keine Unterschiede.",
	OnlyAttributes: "Die Inhalte sind gleich. Zeiten oder Rechte unterscheiden " +
		"sich.",
	NoneOfThese: "So unterscheidet sich nichts.",
	Before:      "Vorige Datei", After: "Nächste Datei",
	SameFile:    "Diese Datei ist in beiden Ordnern gleich.",
	SameText:    "Der Text ist gleich. Seine Kodierung oder seine Zeilenenden unterscheiden sich.",
	SameContent: "Der Inhalt ist gleich.",
	Binary:      "Diese Dateien sind kein Text und werden deshalb nicht zeilenweise verglichen.",
	TooLarge: "Dateien mit mehr als %s oder %s Zeilen werden nicht zeilenweise verglichen. Öffnen " +
		"oder laden Sie beide, um sie zu vergleichen.",
	AllLines: "Alle Zeilen zeigen", FewLines: "Nur Unterschiede zeigen",
	SameLines:  [2]string{"Zeile ist gleich", "Zeilen sind gleich"},
	Characters: [2]string{"Zeichen", "Zeichen"},
	Mode:       "Rechte", Nothing: "nichts", MovedFrom: "verschoben von",
	Kinds: map[string]string{"added": "Neu", "removed": "Entfernt", "changed": "Geändert",
		"moved": "Verschoben", "attributes": "Attribute"},
	What: map[string]string{"type": "Art", "content": "Inhalt", "mode": "Rechte", "mtime": "Zeit",
		"link": "Ziel", "device": "Gerät"},
	Types: map[sidecar.Type]string{sidecar.TypeDir: "Ordner", sidecar.TypeSymlink: "Verknüpfung",
		sidecar.TypeFIFO: "FIFO", sidecar.TypeChar: "Zeichengerät",
		sidecar.TypeBlock: "Blockgerät"},
}
