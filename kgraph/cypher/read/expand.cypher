// The edges of the nodes in $walk.frontier to nodes not in $walk.seen (a map, handle to true), in one list: [place in
// the frontier, type, whether it leads away from the frontier, other end's handle, its key, optional]. A node with more
// than $walk.fanout neighbours of one type is not followed by that type.
UNWIND range(0, size($walk.frontier) - 1) AS place
MATCH (n) WHERE elementId(n) = $walk.frontier[place]
CALL (n) {
  WITH n WHERE $walk.outward
  MATCH (n)-[r]->(m) WHERE type(r) IN $walk.types AND r.stale IS NULL
  WITH type(r) AS type, collect([m, coalesce(r.optional, false), r.matched IS NULL]) AS ends WHERE size(ends) <= $walk.fanout
  UNWIND ends AS end
  RETURN type, true AS outward, end[0] AS m, end[1] AS optional, end[2] AS named
  UNION ALL
  WITH n WHERE $walk.inward
  MATCH (n)<-[r]-(m) WHERE type(r) IN $walk.types AND r.stale IS NULL
  WITH type(r) AS type, collect([m, coalesce(r.optional, false), r.matched IS NULL]) AS ends WHERE size(ends) <= $walk.fanout
  UNWIND ends AS end
  RETURN type, false AS outward, end[0] AS m, end[1] AS optional, false AS named
}
WITH place, type, outward, m, optional, named,
  CASE WHEN $walk.sight IS NOT NULL AND m:Resource THEN left(m.key, size(m.key) - size(m.name) - 1) END AS scope
WHERE $walk.seen[elementId(m)] IS NULL
WITH place, type, outward, m, optional, scope, CASE WHEN scope IS NULL THEN true
  ELSE coalesce($walk.sight[m.cluster], $walk.sight[m.key],
    CASE WHEN $walk.sight[scope] OR NOT (named OR m:Namespace) THEN $walk.sight[scope] END) END AS visible
RETURN collect(CASE WHEN visible THEN [place, type, outward, elementId(m), m.key, optional] END) AS edges,
  collect(DISTINCT CASE WHEN visible IS NULL
    THEN CASE WHEN $walk.sight[scope] IS NULL THEN scope ELSE m.key END END) AS unknown
