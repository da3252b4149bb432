// The owners of the nodes in $of.handles, in one list: [owner's handle, owner's key, keys of those of the nodes that it
// owns, how many Pods below it worked, how many of those are not in $of.gone]; the counts are null for owners in
// $of.settled. A Node "owns" its static Pods, but does not get worse when one of them goes.
UNWIND $of.handles AS handle
MATCH (n) WHERE elementId(n) = handle
MATCH (n)-[r:OWNED_BY]->(o) WHERE r.stale IS NULL AND NOT o:Node
WITH o, collect(n.key) AS owned,
  CASE WHEN $of.sight IS NOT NULL THEN left(o.key, size(o.key) - size(o.name) - 1) END AS scope
WITH o, owned, scope, CASE WHEN scope IS NULL THEN true ELSE coalesce($of.sight[o.cluster], $of.sight[o.key],
  CASE WHEN $of.sight[scope] THEN true END) END AS visible
CALL (o) {
  WITH o WHERE $of.settled[elementId(o)] IS NULL
  MATCH (p:Pod)-[rs:OWNED_BY*1..6]->(o)
  WHERE all(r IN rs WHERE r.stale IS NULL)
    AND coalesce(p.ready, true) AND p.deletedAt IS NULL AND NOT coalesce(p.health, "") IN ["DEGRADED", "UNKNOWN"]
    AND NOT coalesce(p.phase, "") IN ["Succeeded", "Failed"]
    AND ($of.sight IS NULL OR coalesce(
      $of.sight[p.cluster], $of.sight[left(p.key, size(p.key) - size(p.name) - 1)], false))
  WITH DISTINCT p
  WITH count(*) AS all, sum(CASE WHEN $of.gone[elementId(p)] THEN 0 ELSE 1 END) AS left
  RETURN collect([all, left]) AS counts
}
RETURN collect(CASE WHEN visible THEN [elementId(o), o.key, owned, counts[0][0], counts[0][1]] END) AS owners,
  collect(DISTINCT CASE WHEN visible IS NULL
    THEN CASE WHEN $of.sight[scope] IS NULL THEN scope ELSE o.key END END) AS unknown
