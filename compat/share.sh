#!/usr/bin/env bash
# Prints the lines of its input that belong to the share that SWEEP names, such as 2/3; without it, all.
# usage: go list ./... | compat/share.sh
set -eu
sweep=${SWEEP:-1/1}
if ! [[ $sweep =~ ^([1-9][0-9]*)/([1-9][0-9]*)$ ]] || [ "${BASH_REMATCH[1]}" -gt "${BASH_REMATCH[2]}" ]; then
	echo "compat/share.sh: SWEEP=$sweep: want a share such as 1/3" >&2
	exit 2
fi
awk -v share="${BASH_REMATCH[1]}" -v of="${BASH_REMATCH[2]}" '(NR - 1) % of == share - 1'
