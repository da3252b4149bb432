// How the parts of many nodes are, all at once: of the nodes in $of.handles, in one list: [handle, own health, own
// reason, own image, replicas wanted, replicas ready, [health, how many parts have it, the first of them unless HEALTHY
// (Pods before others, by key): its key, reason, image]].
// The parts of a resource are itself and all that it owns, of a Namespace all that is in it, of a Cluster all that
// there is. Left out is what its owner has replaced, or speaks for itself: finished Pods whose controller has a health,
// Pods of a ReplicaSet on their way out, ReplicaSets of another revision than their Deployment's, finished Jobs of a
// CronJob; and all that these own. In a Namespace and a Cluster that is not looked for among tens of thousands of
// HEALTHY ones, which change no answer but their own count. $of.healths are all there are.
UNWIND $of.handles AS handle
MATCH (n) WHERE elementId(n) = handle
CALL (n) {
  WITH n WHERE n:Resource AND NOT (n.kind = "Namespace" AND n.group = "")
  MATCH (n) (()<-[r:OWNED_BY]-() WHERE r.stale IS NULL){0,6} (part) WHERE part.health IS NOT NULL
  RETURN DISTINCT part
  UNION ALL
  WITH n WHERE n:Resource AND n.kind = "Namespace" AND n.group = ""
  MATCH (n) (()<-[:IN_NAMESPACE]-()){0,1} (part) WHERE part.health IS NOT NULL
  RETURN part
  UNION ALL
  WITH n WHERE n:Cluster AND ($of.sight IS NULL OR coalesce($of.sight[n.id], false))
  UNWIND $of.healths AS health
  MATCH (part:Resource) WHERE part.health = health AND part.key STARTS WITH n.id + "/"
  RETURN part
}
WITH handle, n, part,
  CASE WHEN $of.sight IS NOT NULL AND part <> n THEN left(part.key, size(part.key) - size(part.name) - 1) END AS scope
WITH handle, n, part, scope, CASE WHEN scope IS NULL THEN true
  ELSE coalesce($of.sight[part.cluster], $of.sight[part.key], $of.sight[scope]) END AS visible
WHERE coalesce(visible, true) AND (part = n OR part.health = "HEALTHY" AND (n:Cluster OR n.kind = "Namespace") OR NOT EXISTS {
  MATCH (part) (()-[up:OWNED_BY]->() WHERE up.stale IS NULL){0,5} (child)-[r:OWNED_BY]->(owner)
  WHERE r.stale IS NULL AND (
    child:Pod AND r.controller AND owner.health IS NOT NULL AND child.phase IN ["Succeeded", "Failed"]
    OR child:Pod AND child.deletedAt IS NOT NULL AND (owner:ReplicaSet OR owner:ReplicationController)
    OR child:ReplicaSet AND owner:Deployment AND child.revision <> owner.revision
    OR child:Job AND owner:CronJob AND child.health IN ["HEALTHY", "DEGRADED"]
  )
})
WITH handle, n, part.health AS health, count(*) AS count, collect(DISTINCT CASE WHEN visible IS NULL THEN scope END) AS met,
  min(CASE WHEN part.health <> "HEALTHY" THEN [NOT part:Pod, part.key] END) AS first
OPTIONAL MATCH (part:Resource {key: first[1]})
WITH handle, n, collect([health, count, part.key, part.healthReason, part.healthImage]) AS parts,
  reduce(every = [], some IN collect(met) | every + some) AS met
RETURN reduce(every = [], some IN collect(met) | every + some) AS unknown, collect([
  handle, n.health, n.healthReason, n.healthImage, n.replicas, coalesce(n.readyReplicas, 0), parts
]) AS rollups
