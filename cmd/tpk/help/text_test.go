package help

import (
	"reflect"
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	long := strings.TrimSpace(strings.Repeat("word ", 30))
	for _, test := range []struct {
		text string
		want Description
	}{
		{
			TextWithTrouble("\nA\nb.\n\nC:\n d  e\n", long, "trouble", "tpk x", "cat y | tpk x -"),
			Description{
				"A\nb.\n\nC:\n d  e",
				[]Row{{"0", "success"}, {"1", long}, {"2", "trouble"}, {"128+n", "stopped by signal n"}},
				[]string{"tpk x", "cat y | tpk x -"},
			},
		},
		{"Only prose.", Description{Prose: "Only prose."}},
	} {
		if got := Split(test.text); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%q\nwant %q", got, test.want)
		}
	}
}
