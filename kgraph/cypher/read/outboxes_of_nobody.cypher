// The clusters that are in the outbox and no more in the graph: what is still to be told of their removal.
MATCH (o:Outbox)
WITH DISTINCT o.shard AS shard
WHERE NOT EXISTS { (:Cluster {key: "cluster:" + split(shard, "~")[0]}) }
RETURN collect(shard) AS shards
