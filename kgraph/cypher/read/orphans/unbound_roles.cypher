// Roles that no binding grants. In one list: [handle, key, missing].
MATCH (n:Role)
WHERE n.cluster IN $of.clusters AND ($of.namespaces IS NULL OR n.namespace IN $of.namespaces) AND NOT n:Missing
  AND NOT n.namespace IN ["kube-system", "kube-public"]
  AND NOT EXISTS { (n)<-[:BINDS]-() }
WITH n ORDER BY n.key LIMIT $of.room
RETURN collect([elementId(n), n.key, false]) AS nodes
