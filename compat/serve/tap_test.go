package serve

import (
	"maps"
	"testing"
)

func TestTapResults(t *testing.T) {
	const out = `TAP version 13
# Subtest: alone
ok 1 - alone
  ---
  duration_ms: 1
  ...
# Subtest: group
    # Subtest: good
    ok 1 - good
    # Subtest: bad
    not ok 2 - bad
    # Subtest: good
    ok 3 - good
    1..3
not ok 2 - group
# Subtest: fails by itself
    # Subtest: inner
    ok 1 - inner
    1..1
not ok 3 - fails by itself
# Subtest: other system
ok 4 - other system # SKIP
# Subtest: number \# of
ok 5 - number \# of
`
	want := map[string]bool{
		"alone": true, "group > good": true, "group > bad": false, "group > good [2]": true,
		"fails by itself > inner": true, "fails by itself": false, "other system": false,
		`number \# of`: true,
	}
	if got := tapResults(out); !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}
