// The last samples of workloads of $of.namespaces (null: of all) whose usage's keys begin with one of $of.prefixes:
// [cluster, namespace, when, by Pod and container as JSON].
UNWIND $of.prefixes AS prefix
MATCH (u:Usage) WHERE u.key STARTS WITH prefix AND u.last IS NOT NULL AND u.namespace IS NOT NULL
  AND ($of.namespaces IS NULL OR u.namespace IN $of.namespaces)
RETURN collect([u.cluster, u.namespace, toString(u.sampledAt), u.last]) AS samples
