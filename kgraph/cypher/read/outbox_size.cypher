// How much waits in a shard's outbox ($shard): rows, events and bytes, and since when the oldest does.
OPTIONAL MATCH (o:Outbox {shard: $shard})
RETURN count(o) AS rows, coalesce(sum(o.count), 0) AS events, coalesce(sum(o.bytes), 0) AS bytes, min(o.at) AS since
