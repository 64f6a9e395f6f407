#!/usr/bin/env bash
# Prints what each owner of modules adds to the program, in kB, for docs/decisions/dependencies.md.
# usage: compat/sizes.sh
#
# "Own" are the sizes of a module's functions and data, by go tool nm. "In the file" also has its part of what Go keeps
# for each function, such as lines and stack maps: the size of the stripped file is divided in proportion to the functions.
set -eu
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export CGO_ENABLED=0

build() { # OUT TAGS FLAGS
	go build -trimpath -tags "$2" -ldflags "$3" -o "$dir/$1" ./cmd/tpk
}

# table prints a line for each module: own text, own data, part of the file.
table() { # NAME TAGS FLAGS
	build "$1" "$2" "${3-}"
	build "$1.stripped" "$2" "-s -w ${3-}"
	go tool nm -size "$dir/$1" | awk -v file="$(stat -c %s "$dir/$1.stripped")" '
		# Symbols of code are T, of constants R, of variables with a value D; others are not in the file.
		$3 !~ /^[TtRrDd]$/ || $4 ~ /^(runtime\.(pclntab|etypes|itablink|rodata|types)|crypto\/internal\/fips140\/drbg\.memory)/ { next }
		{
			name = $4
			for (i = 5; i <= NF; i++) name = name " " $i
			sub(/^(type:[^a-z]*|eq\.|hash\.)/, "", name)
			m = "Go"
			if (name ~ /^(main\.|github\.com\/tarpack\/tpk)/) m = "tpk"
			else if (match(name, /^[a-z0-9-]+(\.[a-z0-9-]+)+(\/[A-Za-z0-9_.-]+)?(\/[A-Za-z0-9_-]+)?/) && name !~ /^vendor\// && name ~ /\//) {
				m = substr(name, RSTART, RLENGTH)
				if (m ~ /^(golang|aead|gopkg)/) { split(m, p, "/"); m = p[1] "/" p[2] }
				sub(/\.[A-Za-z_0-9]*$/, "", m)
			}
			if ($3 ~ /[Tt]/) { text[m] += $2; all += $2 } else { data[m] += $2; alldata += $2 }
		}
		END {
			for (m in text) if (text[m] >= 10000)
				printf "| %s | %d | %d | %d |\n", m, text[m] / 1000, data[m] / 1000,
					(data[m] + text[m] / all * (file - alldata)) / 1000
			printf "| all of it | %d | %d | %d |\n", all / 1000, alldata / 1000, file / 1000
		}' | sort -t '|' -k5,5nr
}

printf '%s\n' '| modules of | own code | own data | in the file |' '|---|--:|--:|--:|'
table full ''
printf '\nWith the tag minimal:\n\n'
printf '%s\n' '| modules of | own code | own data | in the file |' '|---|--:|--:|--:|'
table minimal minimal -funcalign=16 # as in the Makefile
