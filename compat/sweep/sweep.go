// Package sweep divides the long tests between runs.
//
// A sweep repeats one check at many points, such as a failure of each system call. With -short a
// test takes a sample of its own choice. Without -short it takes every point, or, with SWEEP=2/3 in
// the environment, the second third of them. docs/testing.md names the sweeps.
package sweep

import (
	"fmt"
	"os"
	"testing"
)

// Variable is the name of the environment variable that selects a share, such as "2/3".
const Variable = "SWEEP"

// Takes reports whether the share of this run includes a point of a sweep. Points are numbered from
// 0, in the same order in every run. With -short every point is included: the test has chosen its
// sample. The test fails if SWEEP is set to something that is no share.
func Takes(t testing.TB, point int) bool {
	t.Helper()
	share, of, err := parse(os.Getenv(Variable))
	if err != nil {
		t.Fatal(err)
	}
	return testing.Short() || point%of == share-1
}

// parse returns the two numbers of a share, 1 and 1 for an empty one.
func parse(value string) (share, of int, err error) {
	if value == "" {
		return 1, 1, nil
	}
	n, err := fmt.Sscanf(value+"\n", "%d/%d\n", &share, &of)
	if err != nil || n != 2 || share < 1 || share > of {
		return 0, 0, fmt.Errorf("%s=%q: want a share such as 1/3", Variable, value)
	}
	return share, of, nil
}
