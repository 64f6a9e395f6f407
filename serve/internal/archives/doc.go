// Package archives holds the archives that are served: which ones, under which path, and until when their files
// stay open.
//
//	Library ──► Set (counted) ──► mounts, the longest path first ──► Archive, Archive …   first that has a path wins
//	   │          │                                                                      then plain files: Fallback
//	   │          └─ swapped as a whole; the old one closes its files when its last View is released
//	   └─ Load, Reload: open what is new, keep what is the same, refuse the whole change if one is bad
//
// A request takes a [View] of the current Set with [Library.View]; a View is a plan.Tree, and opens what a plan
// says to send. What it has found stays readable until [View.Release], whatever is loaded meanwhile.
package archives
