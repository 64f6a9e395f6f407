#!/usr/bin/env bash
# Runs the tests for Windows in Wine, as root. Debian 13 has a Wine that runs Go's programs, so it is installed into a
# directory of its own, with debootstrap: 1.5 GB, two to four minutes.
#
# usage: compat/windows.sh [PACKAGE...]        tests packages; without an argument, those of windows.txt
#        compat/windows.sh run PROGRAM [ARG...]  runs a program for Windows in the directory it is called in
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
root=$here/.work/windows/root

install_wine() {
	[ -L "$root/usr/bin/wine" ] && return
	mkdir -p "$here/.work/windows"
	if ! command -v debootstrap >/dev/null; then
		(cd "$here/.work/windows" && apt-get -q download debootstrap && dpkg -x debootstrap_*.deb debootstrap)
		export DEBOOTSTRAP_DIR=$here/.work/windows/debootstrap/usr/share/debootstrap
		PATH=$here/.work/windows/debootstrap/usr/sbin:$PATH
	fi
	debootstrap --variant=minbase trixie "$root" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}"
	chroot "$root" apt-get -q update
	DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get install -qy --no-install-recommends wine wine64
}

# The whole file system is below /host there. Wine needs /proc.
run() {
	# shellcheck disable=SC2016 # the inner shells expand them
	exec unshare -m sh -c '
		set -e
		root=$1 program=/host$(realpath "$2")
		shift 2
		mkdir -p "$root/host"
		mount -t proc proc "$root/proc"
		mount --rbind /dev "$root/dev"
		mount --bind / "$root/host"
		exec chroot "$root" env HOME=/root XDG_RUNTIME_DIR=/tmp WINEDEBUG=-all \
			sh -c "cd \"\$1\" && shift && exec wine \"\$@\"" sh "/host$PWD" "$program" "$@"
	' sh "$root" "$@"
}

case ${1-} in
run)
	shift
	run "$@"
	;;
exec) # for go test, which waits until nobody has its output open: Wine's services would, for seconds
	shift
	output=$(mktemp) code=0
	"$here/compat/windows.sh" run "$@" >"$output" 2>&1 </dev/null || code=$?
	cat "$output"
	rm "$output"
	exit "$code"
	;;
esac
install_wine
cd "$here"
run_tests() { GOOS=windows GOARCH=amd64 go test -short -p 1 -timeout 20m -exec "$here/compat/windows.sh exec" "$@"; }

if [ $# -gt 0 ]; then
	run_tests "$@"
	exit
fi
# A line names a package, and the flags for its tests. One that has "none" instead is not run.
sed 's/#.*//; /^$/d' compat/windows.txt >"$here/.work/windows/list"
missing=$(GOOS=windows go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./... |
	sed "s|^$(go list -m)|.|" | grep . | sort | comm -23 - <(cut -d' ' -f1 "$here/.work/windows/list" | sort))
if [ -n "$missing" ]; then
	echo "compat/windows.txt does not name: $missing" >&2
	exit 1
fi
mapfile -t packages < <(grep -v ' ' "$here/.work/windows/list")
code=0
run_tests "${packages[@]}" || code=$?
while read -r package flag tests; do
	[ "$flag" = none ] || run_tests "$flag" "$tests" "$package" </dev/null || code=$?
done < <(grep ' ' "$here/.work/windows/list")
exit $code
