// Take a cluster over: from here on, only transactions that know the new epoch may write its part of the graph.
MERGE (c:Cluster {key: $key})
SET c += $properties, c.epoch = coalesce(c.epoch, 0) + 1
RETURN c.epoch AS epoch
