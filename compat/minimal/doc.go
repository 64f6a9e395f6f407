// Package minimal tests the program with the build tag minimal: it is small, has what
// internal/edition leaves of tpk, and says what it lacks. It has tests only.
package minimal
