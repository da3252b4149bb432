// The clusters, [id, environment, region], and every kind that any of them serves.
CALL () {
  MATCH (c:Cluster) RETURN collect([c.id, c.environment, c.region]) AS clusters
}
CALL () {
  MATCH (k:SyncedKind)
  RETURN collect(k {.cluster, .group, .kind, .plural, .singular, .shortNames, .namespaced, .error}) AS kinds
}
RETURN clusters, kinds
