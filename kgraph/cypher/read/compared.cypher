// What is compared of the resources $of.keys, in one list: [key, handle, missing, the object as JSON, the first
// $of.room of its edges by type and end: [type, [end's handle, end's key, end is missing]]].
UNWIND $of.keys AS key
MATCH (n:Resource {key: key})
CALL (n) {
  MATCH (n)-[r]->(m) WHERE type(r) IN $of.types AND r.stale IS NULL
  WITH r, m,
    CASE WHEN $of.sight IS NOT NULL AND m:Resource THEN left(m.key, size(m.key) - size(m.name) - 1) END AS scope
  WITH r, m, scope, CASE WHEN scope IS NULL THEN true ELSE coalesce($of.sight[m.cluster], $of.sight[m.key],
    CASE WHEN $of.sight[scope] OR NOT (r.matched IS NULL OR m:Namespace) THEN $of.sight[scope] END) END AS visible
  ORDER BY type(r), m.key LIMIT $of.room
  RETURN collect(CASE WHEN visible THEN [type(r), [elementId(m), m.key, m:Missing]] END) AS edges,
    collect(DISTINCT CASE WHEN visible IS NULL
      THEN CASE WHEN $of.sight[scope] IS NULL THEN scope ELSE m.key END END) AS met
}
RETURN reduce(every = [], some IN collect(met) | every + some) AS unknown, collect([n.key, elementId(n), n:Missing, n.manifest, edges]) AS compared
