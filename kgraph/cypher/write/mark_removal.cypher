// Say that a cluster is to be removed: $key, $id, $cluster, $stamp. Its credentials go at once; a worker that follows
// the registry empties its part of the graph.
MERGE (r:ClusterRegistration {key: $key})
ON CREATE SET r.id = $id, r.registeredAt = datetime()
SET r.removing = true, r.stamp = $stamp, r.settings = null, r.sealed = null
WITH r
MATCH (c:Cluster {key: $cluster})
SET c.removing = true
RETURN r.key AS key
