package osfile

// Identity identifies a file, whatever its name. The zero value identifies none.
type Identity struct{ Dev, Ino uint64 }
