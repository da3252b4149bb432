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
WITH s, r, e ORDER BY s.key, type(r), e.key LIMIT $of.room
RETURN collect([
  elementId(s), s.key, type(r), elementId(e), e.key, e:Missing, coalesce(r.stale, false), coalesce(r.fields, []),
  r.onDelete
]) AS edges
