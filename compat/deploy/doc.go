// Package deploy tests tpk deploy where it can go wrong: killed or failing at each of its calls, on
// a full disk, two at a time, and below a server that answers meanwhile.
package deploy
