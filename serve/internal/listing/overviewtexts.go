package listing

// overviewTexts are the texts of overviews, beside those that they share with lists.
type overviewTexts struct {
	Overviews, Treemap, LegendLabel string
	Measured, UnpackedSize          string
	PackedSize, Colored             string
	ByFolder, ByType, ByRatio       string
	LargestFiles, Duplicates        string
	Folders, Entries, FilesHead     string
	TypeHead, RatioHead, InTotal    string
	MoreFolders, FilesHere          string
	OthersHere, MoreTypes           string
	CountsInEach, SharedHelp        string
	OfShared, SavedHead, Copies     string
	SizeEach, Names, MoreNames      string
	Several, TooBusy, TooLarge      string
}

var englishOverview = overviewTexts{
	Overviews: "Overview", Treemap: "Treemap: the larger an area, the more is in it",
	LegendLabel: "Colours", Measured: "Measured by", UnpackedSize: "Unpacked size",
	PackedSize: "Packed size", Colored: "Coloured by",
	ByFolder: "By folder", ByType: "By type", ByRatio: "By ratio",
	LargestFiles: "Largest files", Duplicates: "Duplicates",
	Folders: "Folder", Entries: "Entries", FilesHead: "Files",
	TypeHead: "Type", RatioHead: "Ratio", InTotal: "All",
	MoreFolders: "Further folders: %s", FilesHere: "Files in this folder itself",
	OthersHere: "Others", MoreTypes: "Further types: %s",
	CountsInEach: "What several folders share is stored once, and counts in each of them.",
	SharedHelp:   "Files with the same content, which is stored once.",
	OfShared:     "The %s of %s that save most.", SavedHead: "Saves", Copies: "Copies",
	SizeEach: "Size of each", Names: "Names", MoreNames: "and %s more",
	Several: "Several archives, or files that are in no archive, share this folder. There are " +
		"totals only of folders that one archive has.",
	TooBusy: "The server is making many overviews now. Reload the page for the rest of this one.",
	TooLarge: "There are more than %s entries in this folder, so that types, the largest files and " +
		"duplicates are missing. The overviews of its folders have them.",
}

var germanOverview = overviewTexts{
	Overviews: "Übersicht", Treemap: "Karte: je größer eine Fläche, desto mehr ist darin",
	LegendLabel: "Farben", Measured: "Gemessen wird", UnpackedSize: "Größe entpackt",
	PackedSize: "Größe gepackt", Colored: "Farben",
	ByFolder: "Nach Ordner", ByType: "Nach Typ", ByRatio: "Nach Verhältnis",
	LargestFiles: "Größte Dateien", Duplicates: "Duplikate",
	Folders: "Ordner", Entries: "Einträge", FilesHead: "Dateien",
	TypeHead: "Typ", RatioHead: "Verhältnis", InTotal: "Alles",
	MoreFolders: "Weitere Ordner: %s", FilesHere: "Dateien direkt in diesem Ordner",
	OthersHere: "Andere", MoreTypes: "Weitere Typen: %s",
	CountsInEach: "Was mehrere Ordner teilen, ist einmal gespeichert und zählt in jedem von ihnen.",
	SharedHelp:   "Dateien mit gleichem Inhalt, der einmal gespeichert ist.",
	OfShared:     "Die %s von %s, die am meisten sparen.", SavedHead: "Spart", Copies: "Kopien",
	SizeEach: "Größe je Datei", Names: "Namen", MoreNames: "und %s weitere",
	Several: "Mehrere Archive, oder Dateien, die in keinem Archiv sind, teilen diesen Ordner. " +
		"Summen gibt es nur von Ordnern, die ein Archiv allein hat.",
	TooBusy: "Der Server erstellt gerade viele Übersichten. Laden Sie die Seite neu, um den Rest " +
		"dieser Übersicht zu sehen.",
	TooLarge: "In diesem Ordner sind mehr als %s Einträge. Daher fehlen Typen, die größten Dateien " +
		"und Duplikate. Die Übersichten seiner Ordner haben sie.",
}
