#!/bin/sh
# Builds the documentation as a site and packs it: site.tar.gz in the directory OUT, with its index
# in it, and site.tar.gz.tpx for searches. mkdocs fails for any link to a page that is not there.
# usage: compat/site/build.sh TPK OUT
set -eu
TPK=$(realpath "$1")
out=$2
cd "$(dirname "$0")/../.."
export TPK
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
mkdir -p "$out"
out=$(realpath "$out")
PYTHONDONTWRITEBYTECODE=1 mkdocs build --quiet --strict --config-file compat/site/mkdocs.yml --site-dir "$out/site"
# It has no addresses, as the site may be anywhere.
rm -f "$out/site/sitemap.xml" "$out/site/sitemap.xml.gz"
"$TPK" pack --quiet --sha256 --embed-index "$out/site" "$out/site.tar.gz"
"$TPK" index --quiet --text "$out/site.tar.gz"
