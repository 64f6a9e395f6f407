// Package attributes replaces attributes of files when they are packed: a *Mode changes
// permissions, and ParseMode reads one in the syntax of chmod. An *Owner replaces a user or a
// group. It imports no other package of tpk.
package attributes
