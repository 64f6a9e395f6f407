tpk set 1
entries 4
index e61abd4aa9a51116
shard 278 384091c2bd80c069
shard 278 822607e38c964548
hash 68243b6464a4ecc1
