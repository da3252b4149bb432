// The resources of $of.keys that are there and that the caller sees, who has named them; `nodes` as in `resources`.
// `unknown`: what was met that $of.sight does not have.
UNWIND $of.keys AS key
MATCH (n:Resource {key: key}) WHERE NOT n:Missing
WITH n, left(n.key, size(n.key) - size(n.name) - 1) AS scope
WITH n, scope, CASE WHEN $of.sight IS NULL THEN true
  ELSE coalesce($of.sight[n.cluster], $of.sight[n.key], CASE WHEN $of.sight[scope] THEN true END) END AS visible
RETURN collect(CASE WHEN visible THEN [
  elementId(n), n.key, false, n.version, n.uid, toString(n.createdAt), n.labels,
  n.health, n.healthReason, n.healthImage,
  CASE WHEN $of.properties THEN [p IN keys(n) WHERE NOT p IN $of.hidden | [p, CASE WHEN n[p] IS :: ZONED DATETIME THEN toString(n[p]) ELSE n[p] END]] END,
  CASE WHEN $of.manifests THEN n.manifest ELSE false END
] END) AS nodes, collect(DISTINCT CASE WHEN visible IS NULL
  THEN CASE WHEN $of.sight[scope] IS NULL THEN scope ELSE n.key END END) AS unknown
