// Package edit holds the commands that change archives against a directory as their model, against failures of the system and power cuts at every
// call, and against the programs whose archives tpk converts. Imported by nobody.
package edit
