// Over-privileged accounts: who may do everything (cluster-admin), or anything at all through a ClusterRole that is
// bound in the whole cluster; and how many Pods run with it. Kubernetes' own accounts are left out.
MATCH (b:ClusterRoleBinding)-[:BINDS]->(role:ClusterRole), (b)-[:SUBJECT]->(who)
WHERE NOT b.name STARTS WITH "system:" AND NOT coalesce(who.name, "") STARTS WITH "system:"
  AND coalesce(who.namespace, "") <> "kube-system"
OPTIONAL MATCH (p:Pod)-[:RUNS_AS]->(who)
RETURN b.cluster AS cluster, who.kind AS kind, who.namespace AS namespace, who.name AS name, role.name AS role,
  b.name AS binding, role.name = "cluster-admin" AS everything, count(DISTINCT p) AS pods
ORDER BY everything DESC, pods DESC, cluster, namespace, name, binding
LIMIT 200
