tpk set 1
entries 5
index 0ad04485266ee017
shard 278 384091c2bd80c069
shard 64 ff269355e2e7e601
shard 384 b4cc8e1755e79289
hash f0739da8a9bca2a8
