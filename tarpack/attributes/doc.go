// Package attributes has what can replace the attributes that files have on disk when they are
// packed: permissions as *Mode, which ParseMode reads in the syntax of chmod, and owners as *Owner.
// It imports no other package of tpk.
package attributes
