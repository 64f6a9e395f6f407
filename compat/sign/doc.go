// Package sign tests signatures with minisign and sha256sum, and with forged archives.
package sign
