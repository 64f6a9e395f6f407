#!/usr/bin/env bash
# Tests the .deb and the .rpm of a release with systemd: a Debian is booted in a container, without a network. There a
# package is installed, its units serve and check an archive, it is upgraded while a download runs, and it is removed.
#
# usage: packaging/test-systemd.sh NEW OLD   directories of two releases
# needs: root, and debootstrap and systemd-nspawn (package systemd-container)
set -eu
cd "$(dirname "$0")/.."
new=$(realpath "$1") old=$(realpath "$2")
base=$PWD/.work/release/systemd
hierarchies=(/sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd)
temp=$(mktemp -d)
root=$temp/root

step() { echo "-- $*"; }
fail() { echo "packaging/test-systemd.sh: $*" >&2; exit 1; }
cleanup() {
	[ -z "${machine-}" ] || stop || true
	rm -rf "$temp"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

inside() { # COMMAND...: runs it in the container
	nsenter --target "$leader" --all env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"
}
inside_sh() { inside sh -euc "$1"; }
await() { # SHELL CONDITION: waits for it in the container
	inside timeout 60 sh -c "until $1; do sleep 0.1; done" || fail "waited in vain for: $1: $(journal)"
}
journal() { inside journalctl --no-pager -n 30 -u 'tpk*'; }
property() { inside systemctl show --value -p "$2" "$1"; } # UNIT PROPERTY
page() { [ "$(inside curl -sS --max-time 60 http://127.0.0.1/)" = "$1" ] || fail "no page $1: $(journal)"; }

own_group() { # without a systemd that does it, all containers would have their processes in the same control groups
	for hierarchy in "${hierarchies[@]}"; do
		[ ! -e "$hierarchy/cgroup.procs" ] || { mkdir "$hierarchy/tpk-$$" && echo "$BASHPID" >"$hierarchy/tpk-$$/cgroup.procs"; }
	done
}
boot() {
	local keep=
	[ -d /run/systemd/system ] || keep=--keep-unit
	[ -x "$base/usr/bin/systemctl" ] || debootstrap --variant=minbase \
		--include=systemd,systemd-sysv,dbus,curl,rpm,logrotate bookworm "$base" \
		"${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >/dev/null
	cp -a "$base" "$root"
	[ ! -e "$root/usr/bin/go" ] && [ ! -e "$root/usr/lib/go" ] || fail "the root has Go"
	(
		[ -d /run/systemd/system ] || own_group
		exec systemd-nspawn -q --register=no $keep --private-network -M "tpk-$$" -D "$root" --boot
	) </dev/null >"$temp/boot" 2>&1 &
	machine=$!
	leader=$(timeout 60 sh -c 'until pgrep -P "$1"; do sleep 0.1; done' sh "$machine") ||
		fail "systemd-nspawn starts nothing: $(cat "$temp/boot")"
	# "degraded", if a unit of Debian fails in a container, will do.
	timeout 120 nsenter --target "$leader" --all sh -c \
		'until [ -S /run/systemd/private ]; do sleep 0.1; done; systemctl is-system-running --wait' >"$temp/state" || true
	grep -qx 'running\|degraded' "$temp/state" || fail "the container doesn't boot: $(tail -20 "$temp/boot")"
}
stop() {
	kill "$machine" # systemd-nspawn turns the machine off
	wait "$machine" || true
	machine=
	for hierarchy in "${hierarchies[@]}"; do
		[ ! -d "$hierarchy/tpk-$$" ] || find "$hierarchy/tpk-$$" -depth -type d -exec rmdir {} +
	done
}

# How each format installs, upgrades and removes. purge also removes settings and data.
deb_install() { put "$1"/tpk_*_"$(dpkg --print-architecture)".deb tpk.deb && inside dpkg -i /root/tpk.deb; }
deb_remove() { inside dpkg -r tpk; }
deb_purge() { inside dpkg -P tpk; }
rpm_install() { put "$1"/tpk-*."$(uname -m)".rpm tpk.rpm && inside rpm --force-debian --nodeps -U /root/tpk.rpm; }
rpm_remove() { inside rpm --force-debian --nodeps -e tpk; }
put() { cp "$1" "$root/root/$2"; } # FILE NAME: into the container
quietly() { "$@" >"$temp/output" 2>&1 || fail "$*: $(cat "$temp/output")"; }

check_installed() { # nothing is enabled or started, and systemd accepts the units
	for unit in tpk.socket tpk.service tpk-verify.timer; do
		[ "$(inside systemctl is-enabled $unit)" = disabled ] || fail "$unit is enabled"
		[ "$(property $unit ActiveState)" = inactive ] || fail "$unit is started"
	done
	inside systemd-analyze verify tpk.socket tpk.service tpk-verify.timer tpk-verify.service
	inside tpk version | grep -q ' 0\.0\.1' || fail "wrong version: $(inside tpk version)"
}

check_service() { # it serves as a user of its own, follows a reload, and is started again when it is killed
	inside_sh 'mkdir -p /srv/tpk /root/site; echo hello >/root/site/index.html; head -c 64M /dev/urandom >/root/site/large
		tpk pack -q /root/site /srv/tpk/site.tar.gz
		echo "TPK_ACCESS_LOG=/var/log/tpk/access.log" >>/etc/tpk/serve.conf
		echo "TPK_ADMIN=127.0.0.1:9090" >>/etc/tpk/serve.conf
		echo "TPK_VERIFY_METRICS=/var/lib/tpk/verify.prom" >>/etc/tpk/serve.conf
		systemctl -q enable --now tpk.socket tpk.service'
	page hello
	[ "$(inside stat -c %U "/proc/$(property tpk.service MainPID)")" != root ] || fail "the service runs as root"
	inside systemd-analyze security --no-pager --threshold=20 tpk.service >"$temp/output" || fail "$(tail -1 "$temp/output")"
	inside_sh 'echo again >/root/site/index.html; tpk update -q /srv/tpk/site.tar.gz /root/site; systemctl reload tpk.service'
	await 'curl -s http://127.0.0.1/ | grep -qx again'
	inside systemctl kill --kill-who=main --signal=KILL tpk.service
	await '[ "$(systemctl show --value -p NRestarts tpk.service)" = 1 ]'
	page again
	inside logrotate -f /etc/logrotate.d/tpk
	page again
	await 'grep -q . /var/log/tpk/access.log && [ -s /var/log/tpk/access.log.1 ]'
	[ "$(property tpk.service ActiveState)" = active ] || fail "the service ended: $(journal)"
}

metric() { # NAME VALUE: what the server says of the last check
	inside curl -s http://127.0.0.1:9090/metrics | grep -q "^tpk_archive_verify_$1{.*} $2\$" ||
		fail "$1 is not $2: $(inside curl -s http://127.0.0.1:9090/metrics | grep "^tpk_archive_verify")"
}

check_timer() { # the nightly check finds an archive in order, and then a damaged one
	inside systemctl start tpk-verify.service || fail "$(journal)"
	grep -q . "$root/var/lib/private/tpk/verify.prom" || fail "the check has written no metrics"
	metric last_success_timestamp_seconds '1\..*e+09'
	metric problems 0
	inside_sh 'cp /srv/tpk/site.tar.gz /root/good; printf X | dd of=/srv/tpk/site.tar.gz bs=1 seek=9000000 conv=notrunc 2>/dev/null
		echo VERIFY_SAMPLE=100% >>/etc/tpk/serve.conf'
	! inside systemctl start tpk-verify.service 2>/dev/null || fail "the check finds a damaged archive in order"
	metric problems '[1-9].*'
	inside_sh 'cp /root/good /srv/tpk/site.tar.gz; systemctl reset-failed; systemctl reload tpk.service'
	await 'curl -sf -r 0-0 http://127.0.0.1/large >/dev/null' # not before it was opened again
}

check_upgrade() { # FORMAT: a download goes on, and the new program answers
	local before after
	before=$(property tpk.service MainPID)
	rm -f "$root"/root/{large,upgraded,stopped}
	put packaging/slow-download.sh slow-download
	inside /root/slow-download http://127.0.0.1/large /root/large /root/upgraded &
	download=$!
	await '[ -s /root/large ]'
	quietly "$1_install" "$new"
	await "[ \"\$(systemctl show --value -p MainPID tpk.service)\" != $before ]"
	after=$(property tpk.service MainPID)
	page again
	[ "$(stat -c %s "$root/root/large")" -lt 67108864 ] || fail "the download ended before the upgrade did"
	touch "$root/root/upgraded"
	wait "$download" || fail "the download broke: $(journal)"
	inside cmp /root/large /root/site/large
	inside cmp "/proc/$after/exe" /usr/bin/tpk
	await "[ ! -e /proc/$before ]"
	[ "$(property tpk.service ActiveState) $(property tpk.service MainPID)" = "active $after" ] || fail "$(journal)"
	inside grep -q TPK_ACCESS_LOG /etc/tpk/serve.conf || fail "the upgrade replaced serve.conf"
	inside_sh '[ "$(systemctl is-enabled tpk.socket)" = enabled ] && systemctl -q is-active tpk.socket' || fail "the socket was lost"
	! inside tpk version | grep -q ' 0\.0\.1' || fail "not upgraded"
}

check_stop() { # a process that has taken over finishes its transfers, too
	rm "$root/root/large"
	inside /root/slow-download http://127.0.0.1/large /root/large /root/stopped &
	download=$!
	await '[ -s /root/large ]'
	inside systemctl stop tpk.socket tpk.service &
	local stopping=$!
	await '[ "$(systemctl show --value -p ActiveState tpk.service)" = deactivating ]'
	touch "$root/root/stopped"
	wait "$download" || fail "the download broke: $(journal)"
	wait "$stopping" || fail "$(journal)"
	inside cmp /root/large /root/site/large
	inside systemctl start tpk.socket tpk.service
	page again
}

check_removed() { # no process, no unit and no program; the archive stays
	for unit in tpk.socket tpk.service tpk-verify.timer; do
		[ "$(property $unit ActiveState)" != active ] || fail "$unit still runs"
		[ ! -e "$root/usr/lib/systemd/system/$unit" ] || fail "$unit is still there"
	done
	inside_sh '! grep -sx tpk /proc/[0-9]*/comm' || fail "a process still runs"
	[ ! -e "$root/usr/bin/tpk" ] || fail "the program is still there"
	[ -e "$root/srv/tpk/site.tar.gz" ] || fail "an archive was removed"
}

check_nothing_left() { # but PATH...
	local left
	left=$(inside find / -xdev -path /proc -prune -o -path /sys -prune -o -path /run -prune -o -path /srv -prune \
		-o -path /root -prune -o -path /var/log/journal -prune -o -name '*tpk*' -print)
	for kept in "$@"; do left=$(grep -vx "$kept" <<<"$left" || true); done
	[ -z "$left" ] || fail "left behind: $left"
	[ "$(inside systemctl --failed --no-legend | wc -l)" = 0 ] || fail "failed: $(inside systemctl --failed) $(journal)"
}

check() { # FORMAT
	step ".$1: install"
	quietly "$1_install" "$old"
	check_installed
	step ".$1: serve, reload, check"
	check_service
	check_timer
	step ".$1: upgrade while a download runs"
	check_upgrade "$1"
	check_stop
	step ".$1: remove"
	quietly "$1_remove"
	check_removed
}

boot
check deb
[ -e "$root/etc/tpk/serve.conf" ] || fail "removing the .deb removed its settings"
quietly deb_purge
check_nothing_left
inside rm -rf /srv/tpk /root/site /root/large
# As Fedora, RHEL and openSUSE have it. Without any preset, systemd enables everything.
inside_sh 'mkdir -p /etc/systemd/system-preset; echo "disable *" >/etc/systemd/system-preset/99-default-disable.preset'
check rpm
inside grep -q TPK_ACCESS_LOG /etc/tpk/serve.conf.rpmsave || fail "removing the .rpm removed its settings"
# rpm has no purge: what the administrator and the service wrote stays.
check_nothing_left /etc/tpk /var/log/private/tpk /var/log/tpk /var/cache/private/tpk /var/cache/tpk \
	/var/lib/private/tpk /var/lib/tpk
stop
echo "packaging/test-systemd.sh: all is well"
