// Package browser tests the pages of tpk serve in Chromium. They must work by mouse and by
// keyboard, light and dark, wide and narrow. Nothing may appear on the console, and axe-core, a
// checker of accessibility, must find nothing.
//
// go test ./compat/browser -screenshots DIR also takes pictures of the pages, to look at.
package browser
