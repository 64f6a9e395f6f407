tpk set 1
entries 7
index dadbb47e6493783a
shard 3040 faad4f50a4fda5fd
shard 2760 693f197f26c63def
hash e7c77a1f53ab6b39
