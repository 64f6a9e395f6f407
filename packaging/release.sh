#!/usr/bin/env bash
# Makes a release of the commit that is checked out, in .work/release/VERSION: docs/releasing.md.
# Everything is built twice, from two checkouts in directories of different names, with different
# umasks and time zones. The second time, nothing comes from Go's cache. The files must be equal.
#
# usage: packaging/release.sh [VERSION]     VERSION, such as v1.0.0, is the tag of the commit if it is not given
# environment: PLATFORMS=linux/amd64,...    only these
#              ONCE=1                       no second build: for trials
#              MINISIGN_KEY, MINISIGN_SECRET_KEY, MINISIGN_PASSWORD: see docs/releasing.md
set -eu
cd "$(dirname "$0")/.."
repo=$PWD
commit=$(git rev-parse HEAD)
version=${1:-$(git describe --exact-match --tags --match 'v*' 2>/dev/null || true)}
case $version in
v*) ;;
'') echo "packaging/release.sh: this commit has no tag: tag it, or call make release VERSION=v1.0.0" >&2; exit 2 ;;
*) echo "packaging/release.sh: $version: a version is v1.0.0 or v1.0.0-rc.1" >&2; exit 2 ;;
esac
# A tag is a release, and not a trial. Its users must find the key and the changes in the repository.
public=
if tagged=$(git rev-parse -q --verify "refs/tags/$version^{commit}"); then
	refuse() { echo "packaging/release.sh: $version is a tag, and $*: docs/releasing.md" >&2; exit 1; }
	[ "$tagged" = "$commit" ] || refuse "the tag of another commit, $tagged"
	public=minisign.pub
	git cat-file -e "$commit:$public" 2>/dev/null || refuse "its commit has no public key in $public"
	git show "$commit:CHANGELOG.md" | grep -q "^## ${version#v}\( \|$\)" ||
		refuse "its CHANGELOG.md has no heading '## ${version#v}'"
fi
[ -z "$(git status --porcelain)" ] || echo "packaging/release.sh: what is not committed is not in the release" >&2

mkdir -p "$repo/.work/release"
temp=$(mktemp -d)
trap 'chmod -R u+w "$temp"; rm -rf "$temp"' EXIT # Go's caches are read-only
trap 'exit 1' INT TERM

checkout() { # directory
	git clone -q --no-checkout "$repo" "$1"
	git -C "$1" checkout -q --detach "$commit"
	git -C "$1" tag -f "$version" >/dev/null # Go and the lists of components take the version from it
	GOFLAGS='' CGO_ENABLED=0 go -C "$1/packaging" build -trimpath -o "$1.tool" .
}
build() { # checkout, output directory
	"$1.tool" build -source "$1" -version "$version" -platforms "${PLATFORMS-}" -out "$2"
}

checkout "$temp/a"
signed=
public=${public:+$temp/a/$public}
if [ -n "${MINISIGN_KEY-}${MINISIGN_SECRET_KEY-}" ]; then
	signed=yes
	"$temp/a.tool" sign -public "$public" "$temp/a/LICENSE" >/dev/null # a wrong key is found now, and not at the end
	rm "$temp/a/LICENSE.minisig"
fi
echo "== $version, commit $commit"
build "$temp/a" "$temp/first"
if [ -z "${ONCE-}" ]; then
	echo "== again, elsewhere"
	second=$temp/another/directory
	mkdir -p "$second"
	(
		umask 077
		export GOCACHE=$second/cache TZ=Pacific/Auckland LC_ALL=C
		checkout "$second/checkout"
		build "$second/checkout" "$second/files"
	)
	if ! diff -rq "$temp/first" "$second/files"; then
		echo "packaging/release.sh: the second build differs: this release can't be reproduced" >&2
		exit 1
	fi
	echo "== both builds are equal"
fi
if [ -n "$signed" ]; then
	"$temp/a.tool" sign -public "$public" "$temp/first/SHA256SUMS"
fi
out=.work/release/$version
rm -rf "$out"
mv "$temp/first" "$out"
(cd "$out" && ls -l | awk 'NR > 1 {printf "%10d  %s\n", $5, $9}')
echo "== $out"
[ -n "$signed" ] || echo "== UNSIGNED: set MINISIGN_KEY to sign SHA256SUMS"
[ -z "${ONCE-}" ] || echo "== BUILT ONCE: not compared"
