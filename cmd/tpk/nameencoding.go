//go:build !minimal

package main

import (
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"

	"github.com/tarpack/tpk/cmd/tpk/report"
)

// codePages maps code pages of MS-DOS and Windows to names of the WHATWG, where these differ.
var codePages = map[string]string{
	"932": "shift_jis", "936": "gbk", "949": "euc-kr", "950": "big5", "874": "windows-874",
	"20866": "koi8-r", "21866": "koi8-u", "51932": "euc-jp", "51949": "euc-kr", "54936": "gb18030",
	"65001": "utf-8", "858": "ibm00858", "1140": "ibm01140",
}

// pythonNames maps names of Python's codecs to those of the WHATWG, without separators.
var pythonNames = map[string]string{
	"sjis": "shift_jis", "shiftjis": "shift_jis", "mskanji": "shift_jis", "eucjp": "euc-jp",
	"ujis": "euc-jp", "euckr": "euc-kr", "uhc": "euc-kr", "ms949": "euc-kr", "ms932": "shift_jis",
	"big5hkscs": "big5", "big5tw": "big5", "ms950": "big5", "ms936": "gbk", "gb2312": "gbk",
	"iso2022jp": "iso-2022-jp", "latin1": "iso-8859-1", "utf8": "utf-8", "koi8r": "koi8-r",
	"koi8u": "koi8-u", "macroman": "macintosh", "maccyrillic": "x-mac-cyrillic",
}

// nameEncoding returns the encoding with a name that the WHATWG or IANA knows, the number of a code
// page, or a name that Python uses.
func nameEncoding(name string) (encoding.Encoding, error) {
	for _, n := range encodingNames(name) {
		e, err := htmlindex.Get(n)
		if err != nil {
			e, err = ianaindex.IANA.Encoding(n)
		}
		if err != nil || e == nil {
			continue
		}
		// The slashes in a zip are single bytes.
		if slash, err := e.NewEncoder().String("a/"); err != nil || slash != "a/" {
			return nil, report.Usagef("convert: --zip-encoding %s: no zip has names in it",
				report.Quote(name))
		}
		return e, nil
	}
	return nil, report.Usagef("convert: --zip-encoding %s: an unknown encoding:"+
		" name one such as shift_jis, gbk or cp437", report.Quote(name))
}

// encodingNames returns the names under which an encoding may be known.
func encodingNames(name string) []string {
	flat := strings.Map(func(r rune) rune {
		if strings.ContainsRune("-_ .", r) {
			return -1
		}
		return r
	}, strings.ToLower(name))
	names := []string{name, pythonNames[flat], strings.ReplaceAll(name, "_", "-")}
	page := flat
	for _, prefix := range []string{"cp", "windows", "ibm", "oem", "ms"} {
		page = strings.TrimPrefix(page, prefix)
	}
	if known := codePages[page]; known != "" {
		names = append(names, known)
	} else if page != "" && strings.Trim(page, "0123456789") == "" {
		names = append(names, "windows-"+page, "ibm"+page, "cp"+page)
	}
	if rest, ok := strings.CutPrefix(flat, "iso8859"); ok {
		names = append(names, "iso-8859-"+rest)
	}
	return names
}
