// ReplicaSets without an owner that want no Pods: what is left of a Deployment that was deleted without them.
// In one list: [handle, key, missing].
MATCH (n:ReplicaSet)
WHERE n.cluster IN $of.clusters AND ($of.namespaces IS NULL OR n.namespace IN $of.namespaces) AND NOT n:Missing
  AND coalesce(n.replicas, 0) = 0 AND NOT EXISTS { (n)-[r:OWNED_BY]->(o) WHERE r.stale IS NULL AND NOT o:Missing }
WITH n WHERE $of.sight IS NULL
  OR coalesce($of.sight[n.cluster], $of.sight[left(n.key, size(n.key) - size(n.name) - 1)], false)
WITH n ORDER BY n.key LIMIT $of.room
RETURN collect([elementId(n), n.key, false]) AS nodes
