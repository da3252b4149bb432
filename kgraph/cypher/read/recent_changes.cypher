// What changed since $of.since among the resources $of.keys (the same as a map, key to true, in $of.near): `changed`
// [[handle, key, missing], lastChanged, createdAt, changes] of what is there (Events are a record themselves); `deleted` [of, changes] of what is gone,
// and was one of them or pointed at one of them, in $of.clusters.
CALL () {
  UNWIND $of.keys AS key
  MATCH (n:Resource {key: key}) WHERE n.lastChanged >= datetime($of.since) AND NOT n:Event
  RETURN collect([[elementId(n), n.key, n:Missing], toString(n.lastChanged), toString(n.createdAt), n.changes]) AS changed
}
CALL () {
  UNWIND $of.clusters AS cluster
  MATCH (d:Deleted {cluster: cluster}) WHERE d.goneAt >= datetime($of.since)
    AND ($of.near[d.of] OR any(end IN d.ends WHERE $of.near[end]))
  WITH d, CASE WHEN $of.sight IS NOT NULL THEN left(d.of, size(d.of) - size(d.name) - 1) END AS scope
  WITH d, scope, CASE WHEN scope IS NULL THEN true ELSE coalesce($of.sight[d.cluster], $of.sight[scope]) END AS visible
  RETURN collect(CASE WHEN visible THEN [d.of, d.changes] END) AS deleted,
    collect(DISTINCT CASE WHEN visible IS NULL THEN scope END) AS unknown
}
RETURN changed, deleted, unknown
