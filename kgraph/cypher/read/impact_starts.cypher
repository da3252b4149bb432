// Who depends on what is gone: edges to the nodes of $of.groups ({handles, types, said}), in one list:
// [start's handle, start's key, type, end's key, values of the properties $of.telling]. `said` is the property of
// edges that say themselves what they mean. Starts that are deleted anyway ($of.settled, a map to true) are left out,
// and so are references that may lead nowhere.
UNWIND $of.groups AS group
UNWIND group.handles AS handle
MATCH (e) WHERE elementId(e) = handle
MATCH (s)-[r]->(e)
WHERE (type(r) IN group.types OR r[group.said] IS NOT NULL) AND r.stale IS NULL AND coalesce(r.optional, false) = false
  AND $of.settled[elementId(s)] IS NULL
WITH s, r, e,
  CASE WHEN $of.sight IS NOT NULL AND s:Resource THEN left(s.key, size(s.key) - size(s.name) - 1) END AS scope
WITH s, r, e, scope, CASE WHEN scope IS NULL THEN true ELSE coalesce($of.sight[s.cluster], $of.sight[s.key],
  CASE WHEN $of.sight[scope] OR NOT s:Namespace THEN $of.sight[scope] END) END AS visible
RETURN collect(CASE WHEN visible THEN [elementId(s), s.key, type(r), e.key, [name IN $of.telling | r[name]]] END) AS edges,
  collect(DISTINCT CASE WHEN visible IS NULL
    THEN CASE WHEN $of.sight[scope] IS NULL THEN scope ELSE s.key END END) AS unknown
