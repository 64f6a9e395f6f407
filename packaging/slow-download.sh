#!/usr/bin/env bash
# Downloads slowly, 1 MB a second at most, until a file is there, and then as fast as it can.
# usage: packaging/slow-download.sh URL OUTPUT FILE
set -eu -o pipefail
curl -sSf "$1" | {
	until [ -e "$3" ]; do
		head -c 100k
		sleep 0.1
	done
	cat
} >"$2"
