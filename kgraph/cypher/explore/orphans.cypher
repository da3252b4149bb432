// Orphans: what nothing refers to, with the reason. Claims, volumes, ConfigMaps, Secrets, Services and ServiceAccounts;
// the GraphQL query `orphans` knows more rules, and the same exceptions.
MATCH (n:PersistentVolumeClaim)
WHERE NOT n:Missing AND NOT EXISTS { (n)<-[r:USES_CLAIM]-() WHERE NOT r.optional }
RETURN n.cluster AS cluster, n.namespace AS namespace, n.kind AS kind, n.name AS name, "nothing mounts it" AS reason
UNION
MATCH (n:PersistentVolume)
WHERE NOT n:Missing AND NOT EXISTS { (n)-[r:BOUND_TO]->(c) WHERE r.stale IS NULL AND NOT c:Missing }
RETURN n.cluster AS cluster, n.namespace AS namespace, n.kind AS kind, n.name AS name, "no claim has it" AS reason
UNION
MATCH (n:ConfigMap|Secret)
WHERE NOT n:Missing AND NOT n.name IN ["kube-root-ca.crt", "openshift-service-ca.crt"]
  AND NOT coalesce(n.type, "") IN
    ["kubernetes.io/service-account-token", "helm.sh/release.v1", "bootstrap.kubernetes.io/token"]
  AND NOT n.namespace IN ["kube-system", "kube-public", "kube-node-lease"]
  AND NOT EXISTS { (n)-[:OWNED_BY]->() }
  AND NOT EXISTS { (n)<-[r]-() WHERE NOT type(r) IN ["REGARDS", "OWNED_BY", "PART_OF"] }
RETURN n.cluster AS cluster, n.namespace AS namespace, n.kind AS kind, n.name AS name, "nothing refers to it" AS reason
UNION
MATCH (n:Service)
WHERE NOT n:Missing AND coalesce(n.type, "") <> "ExternalName" AND NOT EXISTS { (n)-[:SELECTS]->(:Pod) }
  AND NOT EXISTS { (n)<-[:ENDPOINT_OF]-(slice) WHERE slice.endpoints > 0 }
RETURN n.cluster AS cluster, n.namespace AS namespace, n.kind AS kind, n.name AS name, "it leads nowhere" AS reason
UNION
MATCH (n:ServiceAccount)
WHERE NOT n:Missing AND n.name <> "default" AND NOT n.namespace IN ["kube-system", "kube-public", "kube-node-lease"]
  AND NOT EXISTS { (n)<-[:RUNS_AS|SUBJECT]-() }
RETURN n.cluster AS cluster, n.namespace AS namespace, n.kind AS kind, n.name AS name, "nothing runs as it" AS reason
ORDER BY cluster, namespace, kind, name
