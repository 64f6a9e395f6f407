#!/usr/bin/env bash
# What tpk is about, on a real tree: pack it, extract the archive with tar, compare, and serve it.
# usage: compat/demo.sh [HOST:PORT]     serves until Ctrl-C; 127.0.0.1:8080 unless said otherwise
#        compat/demo.sh --check         serves on a free port, fetches a page, compares it, and stops
set -eu
cd "$(dirname "$0")/.."
address=${1:-127.0.0.1:8080}
check=
[ "$address" != --check ] || { check=yes; address=127.0.0.1:0; }

step() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || step() { printf '\n%s\n' "$*"; }
run() { echo "\$ $*"; "$@"; }

host=${address%:*} port=${address##*:}
if [ "$port" != 0 ] && (exec 3<>"/dev/tcp/$host/$port") 2>/dev/null; then
	echo "demo: $address: something listens there already: choose another port, as in: make demo ADDR=$host:8081" >&2
	exit 1
fi

step "1. A real tree"
tree=$(compat/get-tree.sh)
echo "$tree: $(find "$tree" -type f | wc -l) files, $(du -sh --apparent-size "$tree" | cut -f1)"

work=.work/demo
archive=$work/$(basename "$(dirname "$tree")").tar.gz
[ ! -e "$work" ] || { chmod -R u+w "$work/extracted" 2>/dev/null || true; rm -rf "$work"; }
mkdir -p "$work/extracted"

step "2. Pack it"
run bin/tpk pack --progress=always "$tree" "$archive"
run bin/tpk info "$archive"

step "3. Extract it with tar, and compare"
run tar xzf "$archive" -C "$work/extracted"
run diff -r --no-dereference "$tree" "$work/extracted"
echo "no difference"

step "4. Serve it"
if [ -z "$check" ]; then
	echo "\$ bin/tpk serve $archive --listen $address"
	echo "(Ctrl-C stops it)"
	exec bin/tpk serve "$archive" --listen "$address"
fi
bin/tpk serve "$archive" --listen "$address" >"$work/serve.log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true' EXIT
url=
for _ in $(seq 100); do
	url=$(grep -om1 'http://[^ ]*' "$work/serve.log" || true)
	[ -z "$url" ] || break
	sleep 0.1
done
cat "$work/serve.log"
[ -n "$url" ] || { echo "demo: the server did not say where it listens" >&2; exit 1; }
page=$(cd "$tree" && find . -name '*.html' -type f | sort | head -n 1)
page=${page#./}
for coding in gzip identity; do
	echo "\$ curl -H 'Accept-Encoding: $coding' ${url%/}/$page"
	curl -fsS -H "Accept-Encoding: $coding" -o "$work/page.$coding" "${url%/}/$page"
done
gzip -dc <"$work/page.gzip" | cmp - "$tree/$page"
cmp "$work/page.identity" "$tree/$page"
echo "$page: $(wc -c <"$work/page.gzip") bytes as gzip, $(wc -c <"$work/page.identity") as identity, both are the file"
kill -TERM $server
trap - EXIT
code=0
wait $server || code=$?
echo "server stopped, exit $code"
