// Take a cluster over: from here on, only transactions that know the new epoch may write its part of the graph. Returns
// what its change feed has been told: whether all of it, up to which key where that was broken off, and its health.
MERGE (c:Cluster {key: $key})
SET c += $properties, c.epoch = coalesce(c.epoch, 0) + 1
RETURN c.epoch AS epoch, elementId(c) AS handle, c.fedSince IS NOT NULL AS isFed, c.fedTo AS fedTo,
  c.toldHealth AS toldHealth
