// What the graph shows of a resource ($of.key): [handle, uid, resourceVersion, deleted, manifest], null where it is not there.
OPTIONAL MATCH (n:Resource {key: $of.key}) WHERE NOT n:Missing
RETURN CASE WHEN n IS NOT NULL
  THEN [elementId(n), n.uid, n.resourceVersion, n.deletedAt IS NOT NULL, n.manifest] END AS state
