// The edges among the nodes whose handles are in $among.handles (and, as a map to true for a quick look, in
// $among.shown), in one list: [start, type, end, optional, fields].
UNWIND $among.handles AS handle
MATCH (n) WHERE elementId(n) = handle
MATCH (n)-[r]->(m) WHERE type(r) IN $among.types AND r.stale IS NULL AND $among.shown[elementId(m)]
RETURN collect([n.key, type(r), m.key, coalesce(r.optional, false), CASE WHEN $among.fields THEN r.fields END]) AS edges
