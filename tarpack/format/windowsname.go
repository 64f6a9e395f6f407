package format

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxWindowsName is how many UTF-16 units a name can have on NTFS.
const maxWindowsName = 255

// CheckPath returns an error that wraps ErrName if the system that the program runs on can't have a
// file of this path, or would open something else under it. Only Windows has such paths.
func CheckPath(path string) error {
	if runtime.GOOS != "windows" {
		return nil
	}
	return checkWindowsPath(path)
}

// checkWindowsPath returns an error that wraps ErrName if Windows can't have a file of this
// path, or would open something else than a file of that name.
func checkWindowsPath(path string) error {
	for name := range strings.SplitSeq(path, "/") {
		if reason := windowsObjection(name); reason != "" {
			return fmt.Errorf("%w: %s", ErrName, reason)
		}
	}
	return nil
}

// CheckFile returns an error that wraps ErrFileName if the system that the program runs on can't
// have a file of this name, which may have a directory before it. Only Windows has such names.
func CheckFile(name string) error {
	if runtime.GOOS != "windows" {
		return nil
	}
	return checkWindowsFile(name, filepath.Base(name))
}

func checkWindowsFile(name, base string) error {
	if reason := windowsObjection(base); reason != "" && base != "." && base != ".." {
		return fmt.Errorf("%s: %w: %s", name, ErrFileName, reason)
	}
	return nil
}

// windowsObjection returns why Windows can't have a file of this name, or "".
func windowsObjection(name string) string {
	for _, r := range name {
		if r < ' ' || strings.ContainsRune(`<>:"|?*\`, r) { // a colon begins the name of a stream
			return fmt.Sprintf("%s can't be part of it", Printable(string(r)))
		}
	}
	switch {
	case !utf8.ValidString(name):
		return "it is not UTF-8"
	case strings.HasSuffix(name, "."), strings.HasSuffix(name, " "):
		return "dots and spaces at its end would be cut off"
	case isWindowsDevice(name):
		return "it stands for a device"
	case len(utf16.Encode([]rune(name))) > maxWindowsName:
		return fmt.Sprintf("it has more than %d characters", maxWindowsName)
	}
	return ""
}

// isWindowsDevice reports whether a name leads to a device in every directory, whatever its case
// and suffix.
func isWindowsDevice(name string) bool {
	stem, _, _ := strings.Cut(name, ".")
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	port, number := stem[:min(3, len(stem))], stem[min(3, len(stem)):]
	if port != "COM" && port != "LPT" {
		return false
	}
	switch number {
	case "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³":
		return true
	}
	return false
}
