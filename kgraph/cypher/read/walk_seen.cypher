// One step of a walk by a caller who does not see everything, as one record: `root`, if $walk.key names one [handle,
// key, missing]; `found`, `hubs`, `edges` as in `walk`, of what the caller sees; and `unknown`, what was met that
// $walk.sight does not have. The step begins at the root, or at $walk.frontier.
// Unlike `walk` it looks at all neighbours, and counts those that are seen: what a hub has besides tells nothing. A hub
// has hundreds, nearly all of a scope that may be listed: that is asked first, and a key is read once.
CALL () {
  OPTIONAL MATCH (resource:Resource {key: $walk.key})
  OPTIONAL MATCH (cluster:Cluster {key: $walk.key})
  OPTIONAL MATCH (image:Image {key: $walk.key})
  OPTIONAL MATCH (host:Host {key: $walk.key})
  OPTIONAL MATCH (subject:Subject {key: $walk.key})
  OPTIONAL MATCH (release:HelmRelease {key: $walk.key})
  RETURN coalesce(resource, cluster, image, host, subject, release) AS root
}
CALL () {
  UNWIND $walk.seen AS handle
  MATCH (n) WHERE elementId(n) = handle
  RETURN collect(n) AS before
}
CALL (root) {
  UNWIND $walk.frontier AS handle
  MATCH (n) WHERE elementId(n) = handle
  RETURN collect(n) AS some
}
WITH root, CASE WHEN root IS NULL THEN before ELSE before + [root] END AS seen,
  CASE WHEN root IS NULL THEN some ELSE some + [root] END AS frontier
CALL (frontier) {
  UNWIND frontier AS n
  CALL (n) {
    WITH n WHERE $walk.outward
    MATCH (n)-[r]->(m)
    RETURN r, m, "OUT" AS direction, r.matched IS NULL OR m:Namespace AS named
    UNION ALL
    WITH n WHERE $walk.inward
    MATCH (n)<-[r]-(m)
    RETURN r, m, "IN" AS direction, m:Namespace AS named
  }
  WITH n, r, type(r) AS type, m, direction, named, CASE WHEN m:Resource THEN m.key END AS key
  WITH n, r, type, m, direction, named, left(key, size(key) - size(m.name) - 1) AS scope
  WHERE NOT type IN $walk.without AND ($walk.only IS NULL OR type IN $walk.only) AND r.stale IS NULL
    AND ($walk.kinds IS NULL
      OR CASE WHEN m:Resource THEN m.group + "/" + m.kind ELSE "/" + labels(m)[0] END IN $walk.kinds)
  WITH n, type, m, direction, scope, CASE WHEN scope IS NULL OR $walk.sight[scope] THEN true
    ELSE coalesce($walk.sight[m.cluster], $walk.sight[m.key], CASE WHEN NOT named THEN $walk.sight[scope] END)
  END AS visible
  WITH n, type, direction, collect(DISTINCT CASE WHEN visible THEN m END) AS ends,
    collect(DISTINCT CASE WHEN visible IS NULL
      THEN CASE WHEN $walk.sight[scope] IS NULL THEN scope ELSE m.key END END) AS unknown
  RETURN collect([n.key, type, direction, ends]) AS groups, collect(unknown) AS unknowns
}
WITH root, seen, groups, reduce(all = [], some IN unknowns | all + some) AS unknown
CALL (seen, groups) {
  UNWIND [g IN groups WHERE size(g[3]) <= $walk.fanout | g[3]] AS ends
  UNWIND ends AS m
  WITH DISTINCT m, seen WHERE NOT m IN seen
  WITH m ORDER BY m.key LIMIT $walk.room
  RETURN collect(m) AS found
}
WITH root, groups, unknown, seen, found, seen + found[0..$walk.fits] AS among
CALL (among) {
  UNWIND CASE WHEN $walk.edges THEN among ELSE [] END AS n
  MATCH (n)-[r]->(m) WHERE NOT type(r) IN $walk.inside AND ($walk.only IS NULL OR type(r) IN $walk.only) AND r.stale IS NULL AND m IN among
  RETURN collect(
    [n.key, type(r), m.key, coalesce(r.optional, false), CASE WHEN $walk.fields THEN r.fields END]
  ) AS edges
}
RETURN CASE WHEN root IS NOT NULL THEN [elementId(root), root.key, root:Missing] END AS root,
  [m IN found | [elementId(m), m.key, m:Missing]] AS found, edges, unknown,
  [g IN groups WHERE size(g[3]) > $walk.fanout | [g[0], g[1], g[2], size(g[3])]] AS hubs
