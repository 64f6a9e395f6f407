package remotetest

import "time"

// A Case is what a server does to one request or to all, and the kinds of errors that come of it,
// as in the comment of package object: changed, unavailable, answer, missing, denied. "" is no
// error, and the right bytes.
type Case struct {
	Name                 string
	Fault                Fault
	Once, Always         string // after the object was opened
	OpenOnce, OpenAlways string // when it is opened with a range at its end
}

// Cases are the cases of a hostile server.
var Cases = []Case{
	{"500", Status(500, ""), "", "unavailable", "", "unavailable"},
	{"502", Status(502, ""), "", "unavailable", "", "unavailable"},
	{"503", Status(503, ""), "", "unavailable", "", "unavailable"},
	{"503 now", Status(503, "0"), "", "unavailable", "", "unavailable"},
	{"503 long", Status(503, "3600"), "unavailable", "unavailable", "unavailable",
		"unavailable"},
	{"429", Status(429, ""), "", "unavailable", "", "unavailable"},
	{"408", Status(408, ""), "", "unavailable", "", "unavailable"},
	{"501", Status(501, ""), "answer", "answer", "", "answer"},
	{"401", Status(401, ""), "unavailable denied", "unavailable denied", "denied",
		"denied"},
	{"403", Status(403, ""), "unavailable denied", "unavailable denied", "denied",
		"denied"},
	{"404", Status(404, ""), "changed", "changed", "missing", "missing"},
	{"410", Status(410, ""), "changed", "changed", "missing", "missing"},
	{"412", Status(412, ""), "changed", "changed", "answer", "answer"},
	// To a range from the start it means that the object is empty.
	{"416", Status(416, ""), "changed", "changed", "", ""},
	{"400", Status(400, ""), "answer", "answer", "", "answer"},
	{"418", Status(418, ""), "answer", "answer", "answer", "answer"},
	{"204", Status(204, ""), "answer", "answer", "answer", "answer"},
	{"304", Status(304, ""), "answer", "answer", "answer", "answer"},
	{"whole", Whole, "answer", "answer", "", "answer"},
	{"other range", OtherRange, "answer", "answer", "answer", "answer"},
	{"other size", OtherSize, "changed", "changed", "answer", "answer"},
	{"no Content-Range", ContentRange(""), "answer", "answer", "answer", "answer"},
	{"unknown size", ContentRange("bytes 0-99/*"), "answer", "answer", "answer", "answer"},
	{"nonsense", ContentRange("bytes 5-3/10"), "answer", "answer", "answer", "answer"},
	{"overflow", ContentRange("bytes 0-9223372036854775807/9223372036854775808"), "answer",
		"answer", "answer", "answer"},
	{"huge", ContentRange("bytes 0-9223372036854775806/9223372036854775807"), "answer",
		"answer", "answer", "answer"},
	{"short", Short, "answer", "answer", "answer", "answer"},
	{"long", Long, "answer", "answer", "answer", "answer"},
	{"chunked", Chunked, "", "", "", ""},
	{"chunked short", ChunkedShort, "", "unavailable", "", "unavailable"},
	{"chunked long", ChunkedLong, "answer", "answer", "answer", "answer"},
	{"cut off", CutOff(10), "", "unavailable", "", "unavailable"},
	{"cut off at once", CutOff(0), "", "unavailable", "", "unavailable"},
	{"closed", Close, "", "unavailable", "", "unavailable"},
	{"multipart", Multipart, "answer", "answer", "answer", "answer"},
	{"not compressed", ContentEncoding("identity"), "", "", "", ""},
	{"chunked upload", ContentEncoding("aws-chunked, "), "", "", "", ""},
	{"compressed upload", ContentEncoding("gzip,aws-chunked"), "answer", "answer", "answer", "answer"},
	{"compressed", ContentEncoding("gzip"), "answer", "answer", "answer", "answer"},
	{"other ETag", ETag(`"2"`), "changed", "changed", "changed", ""},
	{"no ETag", ETag(""), "changed", "changed", "", ""},
	{"weak ETag", ETag(`W/"1"`), "changed", "changed", "changed", ""},
	{"hangs", Hang, "", "unavailable", "", "unavailable"},
	{"stalls", Stall(10), "", "unavailable", "", "unavailable"},
	{"drips", Drip(20 * time.Millisecond), "", "unavailable", "", "unavailable"},
	{"loop", Redirect(302, Path), "", "answer", "", "answer"},
	{"redirect to nothing", Redirect(302, ""), "answer", "answer", "answer", "answer"},
	{"redirect to ftp", Redirect(302, "ftp://x/"), "answer", "answer", "answer", "answer"},
}
