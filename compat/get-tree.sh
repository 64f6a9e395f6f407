#!/usr/bin/env bash
# Prints the path of a real tree to try things on: the documentation in a Debian package, unpacked below .work without
# installing it. That of Rust (32,777 files, 511 MB) unless another is named; where there is no such package, the tree
# of the Go toolchain instead of rust-doc, and exit 1 for any other.
# usage: compat/get-tree.sh [rust-doc|openjdk-17-doc]
set -eu
cd "$(dirname "$0")/.."
package=${1:-rust-doc}
dir=$PWD/.work/trees/$package
case $package in
rust-doc) below=usr/share/doc/rust-doc/html ;;
openjdk-17-doc) below=usr/share/doc/openjdk-17-jre-headless/api ;;
*) echo "compat/get-tree.sh: $package: rust-doc and openjdk-17-doc are known" >&2; exit 2 ;;
esac

fetch() {
	command -v apt-get >/dev/null && command -v dpkg >/dev/null || return 1
	local tmp
	tmp=$(mktemp -d .work/trees/.get-XXXXXX)
	trap 'rm -rf "$tmp"' RETURN
	chmod 755 "$tmp"
	(cd "$tmp" && { apt-get download -qq "$package" || { apt-get update -qq && apt-get download -qq "$package"; }; }) >&2 2>/dev/null || return 1
	dpkg -x "$tmp"/*.deb "$tmp/tree" >&2 && mv "$tmp/tree" "$dir"
}

mkdir -p .work/trees
if [ -d "$dir" ] || fetch; then
	echo "$dir/$below"
elif [ "$package" = rust-doc ]; then
	echo "compat/get-tree.sh: no Debian package rust-doc here: using the tree of the Go toolchain" >&2
	go env GOROOT
else
	echo "compat/get-tree.sh: no Debian package $package here" >&2
	exit 1
fi
