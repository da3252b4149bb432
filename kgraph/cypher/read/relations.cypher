// The relations of many nodes at once: $wanted.list of {at, handle, outward, types, first}. One list: [at, how many in
// all, the first by type and key: [type, optional, fields, [handle, key, missing, version, uid, createdAt, labels,
// health, its reason, its image, properties, object]]]; the last two null and false unless they are asked for.
UNWIND $wanted.list AS wanted
MATCH (n) WHERE elementId(n) = wanted.handle
CALL (n, wanted) {
  WITH n, wanted WHERE wanted.outward
  MATCH (n)-[r]->(m) WHERE type(r) IN wanted.types AND r.stale IS NULL
  RETURN r, m, r.matched IS NULL OR m:Namespace AS named
  UNION ALL
  WITH n, wanted WHERE NOT wanted.outward
  MATCH (n)<-[r]-(m) WHERE type(r) IN wanted.types AND r.stale IS NULL
  RETURN r, m, m:Namespace AS named
}
WITH wanted, r, m, named, CASE WHEN $wanted.sight IS NOT NULL AND m:Resource
  THEN left(m.key, size(m.key) - size(m.name) - 1) END AS scope
WITH wanted, r, m, scope, CASE WHEN scope IS NULL THEN true ELSE coalesce($wanted.sight[m.cluster], $wanted.sight[m.key],
  CASE WHEN $wanted.sight[scope] OR NOT named THEN $wanted.sight[scope] END) END AS visible
ORDER BY type(r), m.key
WITH wanted, collect(CASE WHEN visible THEN [r, m] END) AS shown, collect(DISTINCT CASE WHEN visible IS NULL
  THEN CASE WHEN $wanted.sight[scope] IS NULL THEN scope ELSE m.key END END) AS met
WITH wanted, size(shown) AS total, shown[0..wanted.first] AS pairs, met
RETURN reduce(every = [], some IN collect(met) | every + some) AS unknown, collect([wanted.at, total, [pair IN pairs | [
  type(pair[0]), coalesce(pair[0].optional, false), pair[0].fields,
  [elementId(pair[1]), pair[1].key, pair[1]:Missing, pair[1].version, pair[1].uid, toString(pair[1].createdAt),
    pair[1].labels, pair[1].health, pair[1].healthReason, pair[1].healthImage,
    CASE WHEN $wanted.properties THEN [p IN keys(pair[1]) WHERE NOT p IN $wanted.hidden | [p, CASE WHEN pair[1][p] IS :: ZONED DATETIME THEN toString(pair[1][p]) ELSE pair[1][p] END]] END,
    CASE WHEN $wanted.manifests THEN pair[1].manifest ELSE false END]
]]]) AS relations
