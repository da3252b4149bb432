// The relations of many nodes at once: $wanted.list of {at, handle, outward, types, first}. One list: [at, how many in
// all, the first by type and key: [type, optional, fields, [handle, key, missing, version, uid, createdAt, labels,
// health, its reason, its image, properties]]].
UNWIND $wanted.list AS wanted
MATCH (n) WHERE elementId(n) = wanted.handle
CALL (n, wanted) {
  WITH n, wanted WHERE wanted.outward
  MATCH (n)-[r]->(m) WHERE type(r) IN wanted.types AND r.stale IS NULL
  RETURN r, m
  UNION ALL
  WITH n, wanted WHERE NOT wanted.outward
  MATCH (n)<-[r]-(m) WHERE type(r) IN wanted.types AND r.stale IS NULL
  RETURN r, m
}
WITH wanted, r, m ORDER BY type(r), m.key
WITH wanted, count(*) AS total, collect([r, m])[0..wanted.first] AS pairs
RETURN collect([wanted.at, total, [pair IN pairs | [
  type(pair[0]), coalesce(pair[0].optional, false), pair[0].fields,
  [elementId(pair[1]), pair[1].key, pair[1]:Missing, pair[1].version, pair[1].uid, toString(pair[1].createdAt),
    pair[1].labels, pair[1].health, pair[1].healthReason, pair[1].healthImage,
    [p IN keys(pair[1]) WHERE NOT p IN $wanted.hidden | [p, pair[1][p]]]]
]]]) AS relations
