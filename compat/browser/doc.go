// Package browser holds the pages of tpk serve against Chromium: that they work by mouse and by
// key, in light and dark, wide and narrow, with no word on the console and nothing for an
// accessibility checker (axe-core) to find. Test only.
//
// go test ./compat/browser -screenshots docs/screenshots also takes the pictures that docs keeps.
package browser
