// ConfigMaps that nothing refers to. Left out: what Kubernetes puts into every namespace, what an owner keeps, and the
// namespaces of Kubernetes itself, whose ConfigMaps are read over the API. In one list: [handle, key, missing].
MATCH (n:ConfigMap)
WHERE n.cluster IN $of.clusters AND ($of.namespaces IS NULL OR n.namespace IN $of.namespaces) AND NOT n:Missing
  AND NOT n.name IN ["kube-root-ca.crt", "openshift-service-ca.crt", "istio-ca-root-cert"]
  AND NOT n.namespace IN ["kube-system", "kube-public", "kube-node-lease"]
  AND NOT EXISTS { (n)-[:OWNED_BY]->() }
  AND NOT EXISTS { (n)<-[r]-() WHERE NOT type(r) IN ["REGARDS", "OWNED_BY", "PART_OF"] }
WITH n WHERE $of.sight IS NULL
  OR coalesce($of.sight[n.cluster], $of.sight[left(n.key, size(n.key) - size(n.name) - 1)], false)
WITH n ORDER BY n.key LIMIT $of.room
RETURN collect([elementId(n), n.key, false]) AS nodes
