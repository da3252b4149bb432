// Which of a cluster's ($cluster) shards other than $shard have rows in the outbox up to a number ($upto).
CALL () {
  MATCH (o:Outbox {shard: $cluster}) WHERE o.seq <= $upto
  RETURN DISTINCT o.shard AS shard
  UNION
  MATCH (o:Outbox) WHERE o.shard STARTS WITH $cluster + "~" AND o.seq <= $upto
  RETURN DISTINCT o.shard AS shard
}
WITH shard WHERE shard <> $shard
RETURN collect(shard) AS shards
