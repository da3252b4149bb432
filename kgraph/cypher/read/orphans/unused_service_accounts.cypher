// ServiceAccounts that no Pod runs as and no binding names. Every namespace has a `default`; those of kube-system are
// used by Kubernetes' own controllers. In one list: [handle, key, missing].
MATCH (n:ServiceAccount)
WHERE n.cluster IN $of.clusters AND ($of.namespaces IS NULL OR n.namespace IN $of.namespaces) AND NOT n:Missing
  AND n.name <> "default" AND NOT n.namespace IN ["kube-system", "kube-public", "kube-node-lease"]
  AND NOT EXISTS { (n)<-[:RUNS_AS|SUBJECT]-() }
WITH n WHERE $of.sight IS NULL
  OR coalesce($of.sight[n.cluster], $of.sight[left(n.key, size(n.key) - size(n.name) - 1)], false)
WITH n ORDER BY n.key LIMIT $of.room
RETURN collect([elementId(n), n.key, false]) AS nodes
