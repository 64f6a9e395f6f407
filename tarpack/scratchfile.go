package tarpack

import "os"

// scratchFile makes a temporary file that is gone when it is closed, however that comes about. Where an open file cannot be removed,
// it stays.
func scratchFile(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "tpk-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
