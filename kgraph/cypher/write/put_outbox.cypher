// Tell the change feed, in the transaction that makes the changes: $rows of {shard, seq, events, count, bytes}, a row a
// cluster. `events` is what kgraph.feed.message has packed; the relay sends it and takes the row away.
UNWIND $rows AS row
CREATE (o:Outbox)
SET o = row, o.at = datetime()
