#!/bin/sh
# Packs one shard of a plan as a task of a Slurm job array. Submit the array again after a failure:
# shards that are there are not packed again.
#
#   tpk plan --shards 64 -o site.plan site
#   sbatch --wait --array=0-63 contrib/cluster/slurm.sh site.plan site site
#   tpk index site-00000-of-00064.tar.gz
#
#SBATCH --job-name=tpk
#SBATCH --cpus-per-task=4
set -eu
plan=$1 dir=$2 name=$3
set -- "$plan/$(printf %05d "$SLURM_ARRAY_TASK_ID")"-of-*.list
shard=$(basename "$1" .list)
exec tpk pack --workers "${SLURM_CPUS_PER_TASK:-0}" --skip-existing --no-recursion -0T "$1" \
	"$dir" "$name-$shard.tar.gz"
