#!/usr/bin/env bash
# Installs the programs of others that the tests hold tpk to, where apt-get and npm are there and allowed.
# usage: compat/install.sh [GROUP...]     groups: test (default), long, bench
#
# Nothing that is there already is touched. What can't be had is named, and is no failure here: a test that needs it
# says so, and fails where COMPAT=require is set.
set -u
cd "$(dirname "$0")/.." || exit

# program  Debian package
test_tools='
tar                 tar
gzip                gzip
diff                diffutils
bsdtar              libarchive-tools
busybox             busybox
7z                  p7zip-full
pigz                pigz
libdeflate-gunzip   libdeflate-tools
igzip               isal
python3             python3
zip                 zip
unzip               unzip
curl                curl
wget                wget
aria2c              aria2
axel                axel
zsync               zsync
zckdl               zchunk
minisign            minisign
shasum              perl
parallel            parallel
apt-get             apt
dpkg-deb            dpkg
rsync               rsync
strace              strace
fusermount3         fuse3
git                 git
make                make
find                findutils
setpriv             util-linux
unshare             util-linux
losetup             mount
mkfs.ext4           e2fsprogs
mkfs.xfs            xfsprogs
xfs_io              xfsprogs
script              bsdutils
fish                fish
zsh                 zsh
gcc                 gcc libc6-dev
node                nodejs
npm                 npm
chromium            chromium
slowhttptest        slowhttptest
nginx               nginx
haproxy             haproxy
h2load              nghttp2-client
mypy                mypy
brotli              brotli
zstd                zstd
systemd-analyze     systemd
logrotate           logrotate
promtool            prometheus
age                 age
jq                  jq
mkdocs              mkdocs mkdocs-material
pkill               procps
htpasswd            apache2-utils
openssl             openssl
mandoc              mandoc
groff               groff
ruby                ruby
'
# Modules of Debian's Python: module  Debian package
test_modules='
botocore            python3-botocore
kubernetes          python3-kubernetes
yaml                python3-yaml
fsspec              python3-fsspec
xxhash              python3-xxhash
'
# What only the tests of make test-long need.
long_tools='
munged              munge
slurmctld           slurmctld
slurmd              slurmd
sbatch              slurm-client
ss                  iproute2
'
bench_modules='
torch               python3-torch
'
bench_tools='
wrk                 wrk
casync              casync
h2load              nghttp2-client
mksquashfs          squashfs-tools
unsquashfs          squashfs-tools
squashfuse          squashfuse
fuse-zip            fuse-zip
archivemount        archivemount
/usr/bin/time       time
'
# Packages of npm, exact versions; they go to .work/npm.
npm_packages='tar@7.5.23 axe-core@4.14.1 @fastify/send@4.2.1 supertest@7.0.0
	@fastify/static@10.1.11 fastify@5.12.8 @fastify/compress@9.2.0 concat-stream@2.0.0 proxyquire@2.1.3 pino@10.4.0
	netlify-redirector@0.5.0'
# Go programs, exact versions; they go to .work/bin.
go_programs='github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible
	github.com/versity/versitygw/cmd/versitygw@v1.8.0 github.com/johannesboyne/gofakes3/cmd/gofakes3@v1.2.0'
bench_go_programs='github.com/caddyserver/caddy/v2/cmd/caddy@v2.11.9'

have() { PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null 2>&1; }

as_root=
[ "$(id -u)" = 0 ] || as_root='sudo -n'

apt_install() { # package...
	have apt-get || return 1
	[ -z "$as_root" ] || $as_root true 2>/dev/null || return 1
	apt_get() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 "$@"; }
	apt_get update -qq || return 1
	apt_get install -y -qq --no-install-recommends "$@" </dev/null >/dev/null && return 0
	# One package that is not to be had must not keep the others away.
	local package
	for package in "$@"; do
		apt_get install -y -qq --no-install-recommends "$package" </dev/null >/dev/null || true
	done
}

missing() { # tools; prints the packages of those that are not there
	local program packages
	while read -r program packages; do
		[ -z "$program" ] || have "$program" || echo "$packages"
	done <<<"$1"
}

tools= modules=
for group in "${@:-test}"; do
	case $group in
	test) tools+=$test_tools modules+=$test_modules ;;
	long) tools+=$long_tools ;;
	bench) tools+=$bench_tools modules+=$bench_modules go_programs+=" $bench_go_programs" ;;
	*) echo "compat/install.sh: $group: no such group: test, long and bench are known" >&2; exit 2 ;;
	esac
done

missing_modules() { # modules; prints the packages of those that are not there
	local module package
	while read -r module package; do
		[ -z "$module" ] || /usr/bin/python3 -c "import $module" 2>/dev/null || echo "$package"
	done <<<"$1"
}

packages=$({ missing "$tools"; missing_modules "$modules"; } | tr ' ' '\n' | sort -u)
if [ -n "$packages" ]; then
	echo "compat/install.sh: installing ${packages//$'\n'/ }"
	# shellcheck disable=SC2086
	apt_install $packages || echo "compat/install.sh: can't install with apt-get here"
fi
wanted=
for package in $npm_packages; do
	manifest=.work/npm/node_modules/${package%@*}/package.json
	[ -e "$manifest" ] && grep -q "\"version\": \"${package##*@}\"" "$manifest" || wanted+=" $package"
done
if [ -n "$wanted" ] && have npm; then
	echo "compat/install.sh: installing$wanted from npm"
	mkdir -p .work/npm
	# All of them at once: npm removes what it isn't told of.
	# shellcheck disable=SC2086
	npm install --prefix .work/npm --no-save --no-audit --no-fund --loglevel=error $npm_packages || true
fi
# Cloudflare's code for _redirects and _headers, in the last version that has the parsers. It is unpacked, as what it says it
# needs is a whole runtime, which these files don't use.
pages_shared=0.12.0
if have npm && ! grep -qs "\"version\": \"$pages_shared\"" .work/npm/pages-shared/package.json; then
	echo "compat/install.sh: unpacking @cloudflare/pages-shared@$pages_shared from npm"
	rm -rf .work/npm/pages-shared
	mkdir -p .work/npm/pages-shared
	(cd .work/npm/pages-shared && npm pack --silent "@cloudflare/pages-shared@$pages_shared" >/dev/null &&
		tar xzf ./*.tgz --strip-components 1 && rm ./*.tgz) || true
fi
# The tools that build js, exact versions from its lock file.
if have npm && ! cmp -s js/package-lock.json js/node_modules/.tpk-lock; then
	echo "compat/install.sh: installing the tools of js from npm"
	npm ci --prefix js --no-audit --no-fund --loglevel=error && cp js/package-lock.json js/node_modules/.tpk-lock || true
fi
for program in $go_programs; do
	name=${program%@*}
	[ -e ".work/bin/${name##*/}" ] && continue
	echo "compat/install.sh: installing ${name##*/}"
	GOBIN="$PWD/.work/bin" go install "$program" || true
done

left=$({ missing "$tools"; missing_modules "$modules"; } | tr '\n' ' ')
[ -z "$left" ] || echo "compat/install.sh: not to be had here: $left(tests that need them are skipped, or fail with COMPAT=require)"
exit 0
