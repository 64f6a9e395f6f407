#!/usr/bin/env bash
# Prints the path of a real tree to try things on: the documentation of Rust from Debian's package (32,777 files,
# 511 MB), unpacked below .work without installing it; where there is no such package, that of the Go toolchain.
# usage: compat/get-tree.sh
set -eu
cd "$(dirname "$0")/.."
dir=$PWD/.work/trees/rust-doc

fetch() {
	command -v apt-get >/dev/null && command -v dpkg >/dev/null || return 1
	local tmp
	tmp=$(mktemp -d .work/trees/.get-XXXXXX)
	trap 'rm -rf "$tmp"' RETURN
	chmod 755 "$tmp"
	(cd "$tmp" && { apt-get download -qq rust-doc || { apt-get update -qq && apt-get download -qq rust-doc; }; }) >&2 2>/dev/null || return 1
	dpkg -x "$tmp"/*.deb "$tmp/tree" >&2 && mv "$tmp/tree" "$dir"
}

mkdir -p .work/trees
if [ -d "$dir" ] || fetch; then
	echo "$dir/usr/share/doc/rust-doc/html"
else
	echo "compat/get-tree.sh: no Debian package rust-doc here: using the tree of the Go toolchain" >&2
	go env GOROOT
fi
