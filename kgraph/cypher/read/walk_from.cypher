// One node and its neighbours, as one record: `root` [handle, key, missing] (null where there is no such node) and
// `found`, the same of each neighbour, in the order of their keys, $walk.room of them at most. The root was asked for, so
// that it is walked through however many neighbours it has. $walk.outward: along the edges; $walk.inward: against
// them.
OPTIONAL MATCH (resource:Resource {key: $walk.key})
OPTIONAL MATCH (cluster:Cluster {key: $walk.key})
OPTIONAL MATCH (image:Image {key: $walk.key})
OPTIONAL MATCH (host:Host {key: $walk.key})
OPTIONAL MATCH (subject:Subject {key: $walk.key})
OPTIONAL MATCH (release:HelmRelease {key: $walk.key})
WITH coalesce(resource, cluster, image, host, subject, release) AS n
CALL (n) {
  CALL (n) {
    WITH n WHERE $walk.outward
    MATCH (n)-[r]->(m) WHERE type(r) IN $walk.types AND r.stale IS NULL
    RETURN m
    UNION
    WITH n WHERE $walk.inward
    MATCH (n)<-[r]-(m) WHERE type(r) IN $walk.types AND r.stale IS NULL
    RETURN m
  }
  WITH DISTINCT n, m
  WHERE m <> n
    AND ($walk.kinds IS NULL OR CASE WHEN m:Resource THEN m.group + "/" + m.kind ELSE "/" + labels(m)[0] END IN $walk.kinds)
  ORDER BY m.key LIMIT $walk.room
  RETURN collect([elementId(m), m.key, m:Missing]) AS found
}
RETURN CASE WHEN n IS NOT NULL THEN [elementId(n), n.key, n:Missing] END AS root, found
