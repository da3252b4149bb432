// References that lead nowhere: edges that need their end, to placeholders of kinds that are synced ($of.synced, a map
// of cluster/group/Kind to true), and edges whose uid is another incarnation's. Events may speak of what is gone.
// In one list: [start's handle, start's key, type, end's handle, end's key, end is missing, stale, fields,
// what its end's deletion means where the edge says so itself].
CALL () {
  MATCH (s)-[r]->(e:Missing)
  WHERE e.cluster IN $of.clusters AND coalesce(r.optional, false) = false AND NOT s:Event
    AND $of.synced[e.cluster + "/" + CASE e.group WHEN "" THEN "core" ELSE e.group END + "/" + e.kind]
  RETURN s, r, e
  UNION
  MATCH (s:Resource)-[r:OWNED_BY|BOUND_TO|TOKEN_OF]->(e)
  WHERE r.stale AND s.cluster IN $of.clusters
  RETURN s, r, e
}
WITH s, r, e WHERE $of.namespaces IS NULL OR s.namespace IN $of.namespaces
WITH s, r, e, CASE WHEN $of.sight IS NOT NULL THEN left(s.key, size(s.key) - size(s.name) - 1) END AS from,
  CASE WHEN $of.sight IS NOT NULL THEN left(e.key, size(e.key) - size(e.name) - 1) END AS to
WITH s, r, e, to, from, CASE WHEN from IS NULL THEN true ELSE coalesce($of.sight[s.cluster], $of.sight[s.key],
    CASE WHEN $of.sight[from] OR NOT s:Namespace THEN $of.sight[from] END) END AS seen,
  CASE WHEN to IS NULL THEN true ELSE coalesce($of.sight[e.cluster], $of.sight[e.key],
    CASE WHEN $of.sight[to] THEN true END) END AS led
WITH s, r, e, seen AND led AS visible,
  CASE WHEN seen IS NULL THEN CASE WHEN $of.sight[from] IS NULL THEN from ELSE s.key END
    WHEN seen AND led IS NULL THEN CASE WHEN $of.sight[to] IS NULL THEN to ELSE e.key END END AS met
ORDER BY s.key, type(r), e.key
WITH collect(CASE WHEN visible THEN [s, r, e] END)[0..$of.room] AS found, collect(DISTINCT met) AS unknown
UNWIND CASE WHEN found = [] THEN [null] ELSE found END AS one
WITH unknown, one[0] AS s, one[1] AS r, one[2] AS e
RETURN head(collect(unknown)) AS unknown, collect(CASE WHEN s IS NOT NULL THEN [
  elementId(s), s.key, type(r), elementId(e), e.key, e:Missing, coalesce(r.stale, false), coalesce(r.fields, []),
  r.onDelete
] END) AS edges
