// What workers share out among them, and where the numbers of shards are given out one worker at a time.
CREATE CONSTRAINT shard_key IF NOT EXISTS FOR (n:Shard) REQUIRE n.key IS UNIQUE;
CREATE CONSTRAINT shard_number IF NOT EXISTS FOR (n:Shard) REQUIRE n.number IS UNIQUE;
CREATE CONSTRAINT shard_numbers_key IF NOT EXISTS FOR (n:ShardNumbers) REQUIRE n.key IS UNIQUE
