// Secrets that nothing refers to. Left out: tokens of ServiceAccounts and of bootstrapping, Helm's releases, what an
// owner keeps, and Kubernetes' own namespaces. In one list: [handle, key, missing].
MATCH (n:Secret)
WHERE n.cluster IN $of.clusters AND ($of.namespaces IS NULL OR n.namespace IN $of.namespaces) AND NOT n:Missing
  AND NOT coalesce(n.type, "") IN
    ["kubernetes.io/service-account-token", "helm.sh/release.v1", "bootstrap.kubernetes.io/token"]
  AND NOT n.namespace IN ["kube-system", "kube-public", "kube-node-lease"]
  AND NOT EXISTS { (n)-[:OWNED_BY]->() }
  AND NOT EXISTS { (n)<-[r]-() WHERE NOT type(r) IN ["REGARDS", "OWNED_BY", "PART_OF"] }
WITH n WHERE $of.sight IS NULL
  OR coalesce($of.sight[n.cluster], $of.sight[left(n.key, size(n.key) - size(n.name) - 1)], false)
WITH n ORDER BY n.key LIMIT $of.room
RETURN collect([elementId(n), n.key, false]) AS nodes
