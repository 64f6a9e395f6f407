//go:build !linux

package sparse

import "os"

func mapTable(*os.File, int64) []byte { return nil }

func unmapTable([]byte) error { return nil }

func sameMapped([]byte, int64, []slot) (int, bool) { return 0, false }
