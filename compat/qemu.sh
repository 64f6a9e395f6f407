#!/usr/bin/env bash
# Runs tests for arm64 in qemu, and those of compat/platforms for riscv64, too.
# usage: compat/qemu.sh [PACKAGE...]     instead of those in compat/qemu.txt
#
# Skipped are tests that truncate a mapped file: qemu gives SIGBUS without the address that Go needs.
#
# qemu is taken from the package qemu-user-static, which is unpacked below .work and not installed.
set -eu
cd "$(dirname "$0")/.."

qemu() { # ARCHITECTURE
	command -v "qemu-$1-static" || echo "$PWD/.work/qemu/usr/bin/qemu-$1-static"
}

if [ ! -x "$(qemu aarch64)" ]; then
	mkdir -p .work/qemu
	(cd .work/qemu && apt-get download qemu-user-static && dpkg-deb -x qemu-user-static_*.deb . && rm ./*.deb)
fi
if [ $# = 0 ]; then
	# shellcheck disable=SC2046 # packages have no spaces
	set -- $(grep -v '^#' compat/qemu.txt)
fi

export CGO_ENABLED=0
GOARCH=arm64 go test -short -timeout 30m -skip '^TestTruncated$' -exec "$(qemu aarch64)" "$@"
GOARCH=riscv64 go test -exec "$(qemu riscv64)" ./compat/platforms
