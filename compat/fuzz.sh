#!/usr/bin/env bash
# Runs every fuzz target, or the share of them that SWEEP names, for a short while.
# usage: compat/fuzz.sh [TIME]     e.g. 10s, 5m, 1000x
set -eu -o pipefail
cd "$(dirname "$0")/.."
time=${1:-10s}
mkdir -p .work

fuzz() { # package target
	local try
	for try in 1 2 3; do
		go test -run '^$' -fuzz "^$2\$" -fuzztime "$time" -fuzzminimizetime 10x "$1" >.work/fuzz.log 2>&1 && return
		# Go's fuzzer sometimes reports the end of its own time as a failure, without a failing input.
		grep -q 'context deadline exceeded' .work/fuzz.log && ! grep -q 'Failing input' .work/fuzz.log || return
	done
	return 1
}

targets=$(grep -rn --include='*_test.go' --exclude-dir=.work '^func Fuzz' . |
	sed -E 's|^(.*)/[^/]*:[0-9]+:func (Fuzz[^(]*)\(.*|\1 \2|' | sort | compat/share.sh)
while read -r package target; do
	echo "fuzz $package $target $time"
	fuzz "$package" "$target" </dev/null || { cat .work/fuzz.log; exit 1; }
	tail -n 2 .work/fuzz.log | head -n 1
done <<<"$targets"
