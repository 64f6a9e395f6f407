#!/usr/bin/env bash
# Checks a release, as root: its sums, the packages with the tools of their systems, the programs for other processors in
# qemu, the formula, the image, and the .deb in a fresh Debian without Go. There it is installed, used, upgraded while a
# download runs, removed and purged. Then the .deb and the .rpm are tested with systemd: test-systemd.sh.
#
# usage: packaging/test-release.sh [NEW [OLD]]   directories of releases; those that are not given are made, for this machine
# needs: root, and apt-get for debootstrap, lintian, skopeo, umoci, rpm, minisign, curl, ruby, systemd-container and
#        qemu-user-static
set -eu
cd "$(dirname "$0")/.."
repo=$PWD
arch=$(go env GOARCH)
base=$repo/.work/release/chroot
temp=$(mktemp -d)
old=$temp/old new=$temp/new root=$temp/root

step() { echo "-- $*"; }
fail() { echo "packaging/test-release.sh: $*" >&2; exit 1; }
cleanup() {
	for pid in ${server-} ${download-}; do kill "$pid" 2>/dev/null || true; done
	umount "$root/proc" 2>/dev/null || true
	rm -rf "$temp"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

install_tools() {
	[ "$(id -u)" = 0 ] || fail "must run as root: it installs packages into a directory"
	local missing=
	for tool in debootstrap lintian skopeo umoci rpm minisign curl ruby; do
		command -v $tool >/dev/null || missing+=" $tool"
	done
	command -v systemd-nspawn >/dev/null || missing+=" systemd-container"
	command -v qemu-aarch64-static >/dev/null || missing+=" qemu-user-static"
	[ -z "$missing" ] && return
	apt-get -q update
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $missing
}

make_releases() { # the release under test, and one that is older by its version
	if [ $# -gt 0 ]; then
		cp -R "$1" "$new"
	else
		PLATFORMS=linux/$arch ONCE=1 packaging/release.sh v99.0.0
		mv .work/release/v99.0.0 "$new"
	fi
	if [ $# -gt 1 ]; then
		cp -R "$2" "$old"
	else
		PLATFORMS=linux/$arch ONCE=1 packaging/release.sh v0.0.1
		mv .work/release/v0.0.1 "$old"
	fi
}

check_sums() {
	(cd "$new" && sha256sum --quiet --check SHA256SUMS && [ "$(wc -l <SHA256SUMS)" = "$(ls | grep -vc SHA256SUMS)" ]) ||
		fail "SHA256SUMS is wrong"
	printf 'secret\nsecret\n' | minisign -G -f -p "$temp/key.pub" -s "$temp/key" >/dev/null 2>&1
	cp "$new/SHA256SUMS" "$temp/sums"
	! MINISIGN_KEY=$temp/key MINISIGN_PASSWORD=other go -C packaging run . sign "$temp/sums" 2>/dev/null ||
		fail "a wrong password signs"
	[ ! -e "$temp/sums.minisig" ] || fail "a wrong password leaves a signature"
	MINISIGN_KEY=$temp/key MINISIGN_PASSWORD=secret go -C packaging run . sign "$temp/sums"
	minisign -Vqm "$temp/sums" -p "$temp/key.pub"
	echo >>"$temp/sums"
	! minisign -Vqm "$temp/sums" -p "$temp/key.pub" 2>/dev/null || fail "minisign accepts another file"
}

check_packages() {
	local output
	output=$(lintian --fail-on error,warning --allow-root "$new"/tpk_*.deb 2>&1) || fail "lintian: $output"
	[ -z "$output" ] || fail "lintian: $output"
	for package in "$new"/*.rpm; do
		rpm -K --nosignature "$package" >/dev/null || fail "$package: rpm finds it damaged"
	done
	rpm -qpl "$new"/*."$(uname -m)".rpm | grep -qx /usr/lib/systemd/system/tpk.service
	rpm -qpc "$new"/*."$(uname -m)".rpm | grep -qx /etc/tpk/serve.conf
	mkdir -p "$temp/rpm"
	rpm --force-debian --root "$temp/rpm" --dbpath /var/lib/rpm --nodeps --noscripts -i "$new"/*."$(uname -m)".rpm
	"$temp/rpm/usr/bin/tpk" --version
	for package in "$new"/*.apk; do gzip -t "$package"; done
	mkdir -p "$temp/archive"
	tar -xzf "$new"/tpk-*-linux-"$arch".tar.gz -C "$temp/archive"
	"$temp"/archive/*/tpk verify "$new"/tpk-*-linux-"$arch".tar.gz
}

check_processors() { # the programs for other processors, in qemu: if the release has them
	local emulator program
	mkdir -p "$temp/qemu/site"
	echo hello >"$temp/qemu/site/index.html"
	for of in arm64:aarch64 riscv64:riscv64; do
		[ "${of%:*}" != "$arch" ] && [ -e "$(echo "$new"/tpk-*-linux-"${of%:*}".tar.gz)" ] || continue
		emulator=$(command -v "qemu-${of#*:}-static") || fail "no qemu-${of#*:}-static: apt-get install qemu-user-static"
		tar -xzf "$new"/tpk-*-linux-"${of%:*}".tar.gz -C "$temp/qemu"
		program=$(echo "$temp"/qemu/*-"${of%:*}"/tpk)
		"$emulator" "$program" version --json | tr -d ' \n' | grep -q "\"platform\":\"linux/${of%:*}\"" || fail "$program: wrong platform"
		"$emulator" "$program" pack -q "$temp/qemu/site" "$temp/qemu/site.tar.gz"
		"$temp"/archive/*/tpk verify -q "$temp/qemu/site.tar.gz"
		TPK_LISTEN=127.0.0.1:0 "$emulator" "$program" serve "$temp/qemu/site.tar.gz" >"$temp/qemu.log" 2>&1 &
		server=$!
		curl -sf "$(address "$temp/qemu.log")" | grep -qx hello || fail "$program serves no page: $(cat "$temp/qemu.log")"
		kill "$server" && wait "$server" || fail "$program ends with $?: $(cat "$temp/qemu.log")"
		server=
	done
}

check_formula() {
	ruby packaging/homebrew/try.rb "$new/tpk.rb" "$new" >"$temp/formula" || fail "formula: $(cat "$temp/formula")"
	grep -q ', tested$' "$temp/formula" || fail "the formula's test did not run: $(cat "$temp/formula")"
}

check_image() {
	local image=$temp/oci
	mkdir "$image"
	tar -xf "$new"/tpk-*-oci.tar -C "$image"
	local tag
	tag=$(skopeo inspect --raw "oci:$image" >/dev/null && sed 's/.*ref.name": *"\([^"]*\).*/\1/' <(tr -d '\n' <"$image/index.json"))
	skopeo inspect --override-arch "$arch" "oci:$image:$tag" >"$temp/inspect"
	grep -q '"Architecture": "'"$arch" "$temp/inspect" || fail "image: $(cat "$temp/inspect")"
	skopeo copy -q --override-arch "$arch" "oci:$image:$tag" "oci:$temp/one:tpk"
	umoci unpack --image "$temp/one:tpk" "$temp/bundle" >/dev/null
	mkdir -p "$temp/site"
	echo hello >"$temp/site/index.html"
	"$temp"/archive/*/tpk pack -q "$temp/site" "$temp/bundle/rootfs/srv/site.tar.gz"
	chmod -R a+rX "$temp/bundle" "$temp"
	# As the image says: its user, its variables, its command, in its root.
	chroot --userspec 65532:65532 "$temp/bundle/rootfs" /usr/bin/tpk cat /srv/site.tar.gz index.html | grep -qx hello
	env -i PATH=/usr/sbin:/usr/bin CACHE_DIRECTORY=/var/cache/tpk TPK_LISTEN=127.0.0.1:0 chroot --userspec 65532:65532 "$temp/bundle/rootfs" \
		/usr/bin/tpk serve /srv/site.tar.gz >"$temp/image.log" 2>&1 &
	server=$!
	curl -sf "$(address "$temp/image.log")" | grep -qx hello ||
		fail "the image serves no page: $(cat "$temp/image.log")"
	kill "$server" && wait "$server" || true
	server=
}

address() { # log; waits for the address in it
	timeout 60 sh -c 'until grep -o "http://[0-9.:]*" "$1"; do sleep 0.1; done' sh "$1" | head -1
}

make_root() {
	[ -x "$base/usr/bin/dpkg" ] ||
		debootstrap --variant=minbase bookworm "$base" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >/dev/null
	cp -a "$base" "$root"
	mount -t proc proc "$root/proc"
	[ ! -e "$root/usr/bin/go" ] && [ ! -e "$root/usr/lib/go" ] || fail "the root has Go"
}

in_root() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"; }

install_deb() { # directory of a release
	cp "$1"/tpk_*_"$arch".deb "$root/tmp/tpk.deb"
	in_root dpkg -i /tmp/tpk.deb >"$temp/dpkg" 2>&1 || fail "$(cat "$temp/dpkg")"
	rm "$root/tmp/tpk.deb"
}

serve() { # starts the command of the unit with the variables of its settings, as a user without rights
	local command
	command=$(sed -n 's/^ExecStart=//p' "$root/usr/lib/systemd/system/tpk.service")
	chroot --userspec 65534:65534 "$root" env -i PATH=/usr/bin CACHE_DIRECTORY=/var/cache/tpk TPK_LISTEN=127.0.0.1:0 \
		sh -c "set -a; . /etc/tpk/serve.conf; exec $command" >"$temp/serve.log" 2>&1 &
	server=$!
	url=$(address "$temp/serve.log")
	[ -n "$url" ] || fail "$(cat "$temp/serve.log")"
}

check_deb() {
	install_deb "$old"
	[ "$(in_root tpk version | cut -d' ' -f3)" = 0.0.1 ] || fail "wrong version: $(in_root tpk version)"
	in_root sh -c '[ ! -e /etc/systemd/system/multi-user.target.wants/tpk.service ]' || fail "the service is enabled"
	mkdir -p "$root/srv/tpk" "$root/tmp/site" "$root/var/cache/tpk" "$root/var/lib/tpk" "$root/var/log/tpk"
	chown 65534 "$root/var/cache/tpk"
	echo hello >"$root/tmp/site/index.html"
	head -c 64M /dev/urandom >"$root/tmp/site/large"
	in_root tpk pack -q /tmp/site /srv/tpk/site.tar.gz
	serve
	curl -sf "$url" | grep -qx hello || fail "no page: $(cat "$temp/serve.log")"

	step "upgrade while a download runs"
	packaging/slow-download.sh "$url/large" "$temp/large" "$temp/upgraded" &
	download=$!
	timeout 60 sh -c 'until [ -s "$1" ]; do sleep 0.1; done' sh "$temp/large"
	echo '# a change of the administrator' >>"$root/etc/tpk/serve.conf"
	install_deb "$new" # its serve.conf has not changed, so nothing is asked
	[ "$(stat -c %s "$temp/large")" -lt 67108864 ] || fail "the download ended before the upgrade did"
	kill -USR2 "$server" # what the package does where systemd runs
	timeout 60 sh -c 'until grep -q "has taken over" "$1"; do sleep 0.1; done' sh "$temp/serve.log" ||
		fail "no process has taken over: $(cat "$temp/serve.log")"
	next=$(sed -n 's/.*process \([0-9]*\) has taken over.*/\1/p' "$temp/serve.log")
	curl -sf "$url" | grep -qx hello || fail "no page from the new process: $(cat "$temp/serve.log")"
	[ "$(stat -c %s "$temp/large")" -lt 67108864 ] || fail "the download ended before the new process had taken over"
	touch "$temp/upgraded"
	wait "$download" || fail "the download broke: $(cat "$temp/serve.log")"
	download=
	cmp "$temp/large" "$root/tmp/site/large" || fail "the download differs"
	wait "$server" || fail "the old process ended with $?: $(cat "$temp/serve.log")"
	server=$next
	cmp "/proc/$next/exe" "$root/usr/bin/tpk" || fail "the new process is not the new program"
	curl -sf "$url" | grep -qx hello || fail "no page after the upgrade"
	grep -q 'change of the administrator' "$root/etc/tpk/serve.conf" || fail "the upgrade replaced serve.conf"
	[ "$(in_root tpk version | cut -d' ' -f3)" != 0.0.1 ] || fail "not upgraded"
	kill "$server"
	timeout 60 sh -c 'while kill -0 "$1" 2>/dev/null; do sleep 0.1; done' sh "$server"
	server=

	step "remove and purge"
	in_root dpkg -r tpk >/dev/null 2>&1
	[ -e "$root/etc/tpk/serve.conf" ] || fail "removing the package removed its settings"
	[ ! -e "$root/usr/bin/tpk" ] || fail "the program is still there"
	in_root dpkg -P tpk >/dev/null 2>&1
	for left in /etc/tpk /etc/logrotate.d/tpk /usr/lib/systemd/system/tpk.service /usr/share/doc/tpk \
		/var/cache/tpk /var/lib/tpk /var/log/tpk /var/lib/dpkg/info/tpk.list; do
		[ ! -e "$root$left" ] || fail "purging left $left"
	done
	[ -e "$root/srv/tpk/site.tar.gz" ] || fail "purging removed an archive"
	install_deb "$new"
	in_root dpkg -P tpk >/dev/null 2>&1 || fail "a new installation can't be purged at once"
}

install_tools
step "the files"
make_releases "$@"
step "sums and signature"
check_sums
step "packages"
check_packages
step "other processors"
check_processors
step "formula"
check_formula
step "image"
check_image
step "Debian without Go"
make_root
check_deb
packaging/test-systemd.sh "$new" "$old"
echo "packaging/test-release.sh: all is well"
