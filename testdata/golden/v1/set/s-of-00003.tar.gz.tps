tpk set 1
entries 9
index 1fbe6965d14be6f6
shard 4457 18be106a93d2a8f5
shard 64 212f1e8e10212afe
shard 6361 af537305981d91da
hash e71998fea186392f
