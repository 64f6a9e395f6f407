#!/usr/bin/env bash
# Runs every fuzz target for a short while.
# usage: compat/fuzz.sh [TIME]     e.g. 10s, 5m, 1000x
set -eu
cd "$(dirname "$0")/.."
time=${1:-10s}
mkdir -p .work
go list ./... | while read -r package; do
	go test -list '^Fuzz' "$package" | grep '^Fuzz' | while read -r target; do
		echo "fuzz $package $target $time"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$package" >.work/fuzz.log 2>&1 || { cat .work/fuzz.log; exit 1; }
		tail -n 2 .work/fuzz.log | head -n 1
	done || exit 1
done
