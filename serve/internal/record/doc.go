// Package record keeps what an operator wants to know of a server: counters, a record of each
// request, and errors.
package record
