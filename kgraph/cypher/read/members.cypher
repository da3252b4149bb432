// What is in many places at once: $of.list of {at, prefix, after, first}; of each the first by key whose keys begin with
// `prefix` and come after `after`, $of.room at most. As in `related`, in one list: [at, nodes].
UNWIND $of.list AS wanted
CALL (wanted) {
  MATCH (n:Resource)
  WHERE n.key STARTS WITH wanted.prefix AND n.key > wanted.after AND NOT n:Missing
    AND ($of.sight IS NULL OR NOT n:Namespace
      OR coalesce($of.sight[n.cluster], $of.sight[n.key], $of.sight[n.cluster + "/core/Namespace/_"], false))
  WITH n ORDER BY n.key LIMIT $of.room
  RETURN collect([
    elementId(n), n.key, false, n.version, n.uid, toString(n.createdAt), n.labels,
    n.health, n.healthReason, n.healthImage,
    CASE WHEN $of.properties THEN [p IN keys(n) WHERE NOT p IN $of.hidden | [p, CASE WHEN n[p] IS :: ZONED DATETIME THEN toString(n[p]) ELSE n[p] END]] END,
    CASE WHEN $of.manifests THEN n.manifest ELSE false END
  ]) AS nodes
}
RETURN collect([wanted.at, nodes[0..wanted.first]]) AS members
