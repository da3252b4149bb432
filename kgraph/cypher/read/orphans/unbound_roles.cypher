// Roles that no binding grants. In one list: [handle, key, missing].
MATCH (n:Role)
WHERE n.cluster IN $of.clusters AND ($of.namespaces IS NULL OR n.namespace IN $of.namespaces) AND NOT n:Missing
  AND NOT n.namespace IN ["kube-system", "kube-public"]
  AND NOT EXISTS { (n)<-[:BINDS]-() }
WITH n WHERE $of.sight IS NULL
  OR coalesce($of.sight[n.cluster], $of.sight[left(n.key, size(n.key) - size(n.name) - 1)], false)
WITH n ORDER BY n.key LIMIT $of.room
RETURN collect([elementId(n), n.key, false]) AS nodes
