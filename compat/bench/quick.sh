#!/usr/bin/env bash
# Runs the benchmarks once each on small trees, to see that all of them work. The page and its results stay as they are.
# usage: compat/bench/quick.sh [FLAG...] [FAMILY...]
set -eu
cd "$(dirname "$0")/../.."
page=.work/bench-quick
rm -rf "$page"
mkdir -p "$page"
cp docs/benchmarks/README.md "$page"
# That a promise about speed is broken on a small tree, once, means nothing.
.work/bin/bench -page "$page" -trees .work/trees/quick -rounds 1 -seconds 300ms -files 20000 -entries 100000 -large 0.0625 -range 0.0625 -quick "$@"
echo "the page: $page/README.md"
