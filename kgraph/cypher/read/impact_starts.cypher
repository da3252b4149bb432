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
RETURN collect([elementId(s), s.key, type(r), e.key, [name IN $of.telling | r[name]]]) AS edges
