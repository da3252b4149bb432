// Rows of a shard's outbox ($shard) after one ($after) and up to one ($upto), $most of them, in their order, as
// [seq, events, count, bytes].
OPTIONAL MATCH (o:Outbox)
WHERE o.shard = $shard AND o.seq > $after AND o.seq <= $upto
WITH o ORDER BY o.shard, o.seq LIMIT $most
RETURN [one IN collect(o) | [one.seq, one.events, one.count, one.bytes]] AS rows
