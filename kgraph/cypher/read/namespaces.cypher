// The names of the Namespaces of $of.clusters, placeholders among them, in one list: [cluster, names].
UNWIND $of.clusters AS cluster
CALL (cluster) {
  MATCH (n:Resource) WHERE n.key STARTS WITH cluster + "/core/Namespace/_/"
  WITH n ORDER BY n.key
  RETURN collect(n.name) AS names
}
RETURN collect([cluster, names]) AS namespaces
