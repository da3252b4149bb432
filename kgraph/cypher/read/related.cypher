// What many nodes are related to, all at once: $of.list of {at, handle, via, to, after, first}, where `to`, and `via` if
// it is not null, are steps {type, outward, group, kind}, of any kind where `kind` is null. What is on the way is `via`,
// which the caller must see too. `related`: [at, the handles of the first by key, which come after `after`]; where one
// is asked for, a controller comes first. `nodes`: each of them once, as in `resources`. `unknown`: what was met that
// $of.sight does not have.
UNWIND $of.list AS wanted
MATCH (n) WHERE elementId(n) = wanted.handle
CALL (n, wanted) {
  WITH n, wanted WHERE wanted.via IS NULL
  RETURN n AS near, NULL AS scope, true AS named
  UNION ALL
  WITH n, wanted WHERE wanted.via.outward
  MATCH (n)-[r]->(near:Resource)
  WHERE type(r) = wanted.via.type AND near.kind = wanted.via.kind AND near.group = wanted.via.group AND r.stale IS NULL
  RETURN near, left(near.key, size(near.key) - size(near.name) - 1) AS scope, r.matched IS NULL AS named
  UNION ALL
  WITH n, wanted WHERE NOT wanted.via.outward
  MATCH (n)<-[r]-(near:Resource)
  WHERE type(r) = wanted.via.type AND near.kind = wanted.via.kind AND near.group = wanted.via.group AND r.stale IS NULL
  RETURN near, left(near.key, size(near.key) - size(near.name) - 1) AS scope, false AS named
}
WITH n, wanted, near, scope, CASE WHEN $of.sight IS NULL OR scope IS NULL THEN true
  ELSE coalesce($of.sight[near.cluster], $of.sight[near.key],
    CASE WHEN $of.sight[scope] OR NOT named THEN $of.sight[scope] END) END AS visible
WITH wanted, n, collect(CASE WHEN visible THEN near END) AS nears, collect(DISTINCT CASE WHEN visible IS NULL
  THEN CASE WHEN $of.sight[scope] IS NULL THEN scope ELSE near.key END END) AS before
CALL (nears, wanted) {
  UNWIND nears AS near
  CALL (near, wanted) {
    WITH near, wanted WHERE wanted.to.outward
    MATCH (near)-[r]->(m:Resource) WHERE type(r) = wanted.to.type AND r.stale IS NULL
    RETURN m, r.matched IS NULL OR m:Namespace AS named, coalesce(r.controller, false) AS controller
    UNION ALL
    WITH near, wanted WHERE NOT wanted.to.outward
    MATCH (near)<-[r]-(m:Resource) WHERE type(r) = wanted.to.type AND r.stale IS NULL
    RETURN m, m:Namespace AS named, false AS controller
  }
  WITH DISTINCT wanted, m, named, controller, left(m.key, size(m.key) - size(m.name) - 1) AS scope
  WHERE m.key > wanted.after AND (wanted.to.kind IS NULL OR m.kind = wanted.to.kind AND m.group = wanted.to.group)
  WITH m, wanted, controller, scope, CASE WHEN $of.sight IS NULL THEN true
    ELSE coalesce($of.sight[m.cluster], $of.sight[m.key],
      CASE WHEN $of.sight[scope] OR NOT named THEN $of.sight[scope] END) END AS visible
  ORDER BY NOT (wanted.one AND controller), m.key
  RETURN collect(CASE WHEN visible THEN m END) AS shown, collect(DISTINCT CASE WHEN visible IS NULL
    THEN CASE WHEN $of.sight[scope] IS NULL THEN scope ELSE m.key END END) AS behind
}
WITH collect([wanted.at, shown[0..wanted.first]]) AS found, collect(before + behind) AS met
CALL (found) {
  UNWIND found AS one
  UNWIND one[1] AS n
  WITH DISTINCT n
  RETURN collect([
    elementId(n), n.key, n:Missing, n.version, n.uid, toString(n.createdAt), n.labels,
    n.health, n.healthReason, n.healthImage,
    CASE WHEN $of.properties THEN [p IN keys(n) WHERE NOT p IN $of.hidden | [p, CASE WHEN n[p] IS :: ZONED DATETIME THEN toString(n[p]) ELSE n[p] END]] END,
    CASE WHEN $of.manifests THEN n.manifest ELSE false END
  ]) AS nodes
}
RETURN [one IN found | [one[0], [n IN one[1] | elementId(n)]]] AS related, nodes,
  reduce(every = [], some IN met | every + some) AS unknown
