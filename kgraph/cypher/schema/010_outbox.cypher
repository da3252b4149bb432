// What the change feed is still to be told: a row a transaction and cluster, found by both parts of its key.
CREATE CONSTRAINT outbox_key IF NOT EXISTS FOR (n:Outbox) REQUIRE (n.shard, n.seq) IS UNIQUE
