#!/bin/sh
# Packs the shards of a plan with GNU parallel. Run it again after an interruption: shards that are
# there are not packed again.
#
#   tpk plan --shards 64 -o site.plan site
#   contrib/cluster/parallel.sh site.plan site site && tpk index site-00000-of-00064.tar.gz
#
# usage: parallel.sh PLAN DIR NAME [OPTION OF PARALLEL...]
#
# With several machines that share the file system: parallel.sh PLAN DIR NAME --sshloginfile HOSTS
set -eu
plan=$1 dir=$2 name=$3
shift 3
parallel -q --joblog "$plan.joblog" --resume --resume-failed "$@" \
	tpk pack --skip-existing --no-recursion -0T {} "$dir" "$name-{/.}.tar.gz" ::: "$plan"/*.list
# Without the log of a complete run, the next one looks which shards are there.
rm -f "$plan.joblog"
