// The first two steps of a walk, as one record: `root` [handle, key, missing] (null where there is no such node); `near`,
// the same of each of its neighbours, in the order of their keys, $walk.room of them at most; `far`, of the neighbours of
// these, if $walk.depth is more than one and all of `near` fitted, as many as there is room left for; and `hubs`, as
// in `walk`. If $walk.edges, and the walk ends here, after two steps or because the second found nothing, `edges` are
// those among the first $walk.limit nodes, as in `walk`; else it is null.
// The root was asked for, so that it is walked through however many neighbours it has; $walk.inside are the types that
// are not followed from it, $walk.without those that are not followed from there on; $walk.only, if it is not null, are
// the only ones that are.
OPTIONAL MATCH (resource:Resource {key: $walk.key})
OPTIONAL MATCH (cluster:Cluster {key: $walk.key})
OPTIONAL MATCH (image:Image {key: $walk.key})
OPTIONAL MATCH (host:Host {key: $walk.key})
OPTIONAL MATCH (subject:Subject {key: $walk.key})
OPTIONAL MATCH (release:HelmRelease {key: $walk.key})
WITH coalesce(resource, cluster, image, host, subject, release) AS root
CALL (root) {
  CALL (root) {
    WITH root WHERE $walk.outward
    MATCH (root)-[r]->(m) WHERE NOT type(r) IN $walk.inside AND ($walk.only IS NULL OR type(r) IN $walk.only) AND r.stale IS NULL
    RETURN m
    UNION
    WITH root WHERE $walk.inward
    MATCH (root)<-[r]-(m) WHERE NOT type(r) IN $walk.inside AND ($walk.only IS NULL OR type(r) IN $walk.only) AND r.stale IS NULL
    RETURN m
  }
  WITH DISTINCT m
  WHERE m <> root
    AND ($walk.kinds IS NULL
      OR CASE WHEN m:Resource THEN m.group + "/" + m.kind ELSE "/" + labels(m)[0] END IN $walk.kinds)
  ORDER BY m.key LIMIT $walk.room
  RETURN collect(m) AS near
}
WITH root, near, [root] + near AS seen, $walk.room - size(near) AS room,
  CASE WHEN $walk.depth > 1 AND size(near) < $walk.room THEN near ELSE [] END AS frontier
CALL (frontier, seen, room) {
  // ---- one step; the same in `walk`
  CALL (frontier) {
    UNWIND frontier AS n
    WITH n, $walk.outward AND COUNT { (n)-->() } > $walk.fanout AS denseOut,
      $walk.inward AND COUNT { (n)<--() } > $walk.fanout AS denseIn
    WITH n,
      CASE WHEN denseOut THEN [
        ["ALLOWS_FROM", COUNT { (n)-[:ALLOWS_FROM]->() }], ["ALLOWS_TO", COUNT { (n)-[:ALLOWS_TO]->() }],
        ["SELECTS", COUNT { (n)-[:SELECTS]->() }], ["TARGETS", COUNT { (n)-[:TARGETS]->() }]
      ] ELSE [] END AS manyOut,
      CASE WHEN denseIn THEN [
        ["HAS_PRIORITY", COUNT { (n)<-[:HAS_PRIORITY]-() }], ["INSTANCE_OF", COUNT { (n)<-[:INSTANCE_OF]-() }],
        ["IN_CLUSTER", COUNT { (n)<-[:IN_CLUSTER]-() }], ["IN_NAMESPACE", COUNT { (n)<-[:IN_NAMESPACE]-() }],
        ["OWNED_BY", COUNT { (n)<-[:OWNED_BY]-() }], ["REGARDS", COUNT { (n)<-[:REGARDS]-() }],
        ["RUNS_AS", COUNT { (n)<-[:RUNS_AS]-() }], ["RUNS_IMAGE", COUNT { (n)<-[:RUNS_IMAGE]-() }],
        ["RUNS_ON", COUNT { (n)<-[:RUNS_ON]-() }], ["SELECTS", COUNT { (n)<-[:SELECTS]-() }],
        ["USES_CONFIGMAP", COUNT { (n)<-[:USES_CONFIGMAP]-() }], ["USES_SECRET", COUNT { (n)<-[:USES_SECRET]-() }]
      ] ELSE [] END AS manyIn
    CALL (n, manyOut) {
      WITH n, [many IN manyOut | many[0]] AS counted, reduce(all = 0, many IN manyOut | all + many[1]) AS sum
      WHERE size(manyOut) > 0 AND COUNT { (n)-->() } > sum
      MATCH (n)-[r]->() WHERE NOT type(r) IN counted
      WITH type(r) AS type, count(*) AS count
      RETURN collect([type, count]) AS othersOut
    }
    CALL (n, manyIn) {
      WITH n, [many IN manyIn | many[0]] AS counted, reduce(all = 0, many IN manyIn | all + many[1]) AS sum
      WHERE size(manyIn) > 0 AND COUNT { (n)<--() } > sum
      MATCH (n)<-[r]-() WHERE NOT type(r) IN counted
      WITH type(r) AS type, count(*) AS count
      RETURN collect([type, count]) AS othersIn
    }
    WITH n,
      [t IN manyOut + othersOut WHERE t[1] > $walk.fanout AND NOT t[0] IN $walk.without
        AND ($walk.only IS NULL OR t[0] IN $walk.only)] AS out,
      [t IN manyIn + othersIn WHERE t[1] > $walk.fanout AND NOT t[0] IN $walk.without
        AND ($walk.only IS NULL OR t[0] IN $walk.only)] AS in
    WITH n, [t IN out | [n.key, t[0], "OUT", t[1]]] + [t IN in | [n.key, t[0], "IN", t[1]]] AS hubs,
      CASE WHEN out = [] THEN $walk.without ELSE $walk.without + [t IN out | t[0]] END AS withoutOut,
      CASE WHEN in = [] THEN $walk.without ELSE $walk.without + [t IN in | t[0]] END AS withoutIn
    CALL (n, withoutOut, withoutIn) {
      WITH n, withoutOut WHERE $walk.outward
      MATCH (n)-[r]->(m) WHERE NOT type(r) IN withoutOut AND ($walk.only IS NULL OR type(r) IN $walk.only) AND r.stale IS NULL
      RETURN collect(m) AS ends
      UNION ALL
      WITH n, withoutIn WHERE $walk.inward
      MATCH (n)<-[r]-(m) WHERE NOT type(r) IN withoutIn AND ($walk.only IS NULL OR type(r) IN $walk.only) AND r.stale IS NULL
      RETURN collect(m) AS ends
    }
    RETURN collect(ends) AS lists, collect(DISTINCT hubs) AS hubs
  }
  CALL (lists, seen) {
    UNWIND lists AS ends
    UNWIND ends AS m
    WITH DISTINCT m, seen
    WHERE NOT m IN seen
      AND ($walk.kinds IS NULL
        OR CASE WHEN m:Resource THEN m.group + "/" + m.kind ELSE "/" + labels(m)[0] END IN $walk.kinds)
    WITH m ORDER BY m.key
    RETURN collect(m) AS found
  }
  RETURN found[0..room] AS found, reduce(all = [], hub IN hubs | all + hub) AS hubs
  // ---- to here
}
WITH root, near, found, hubs, (seen + found)[0..$walk.limit] AS among,
  $walk.edges AND ($walk.depth <= 2 OR found = []) AS ends
// ---- the edges; the same in `walk`
CALL (among, ends) {
  UNWIND CASE WHEN ends THEN among ELSE [] END AS n
  MATCH (n)-[r]->(m) WHERE NOT type(r) IN $walk.inside AND ($walk.only IS NULL OR type(r) IN $walk.only) AND r.stale IS NULL AND m IN among
  RETURN collect(
    [n.key, type(r), m.key, coalesce(r.optional, false), CASE WHEN $walk.fields THEN r.fields END]
  ) AS edges
}
// ---- to there
RETURN CASE WHEN root IS NOT NULL THEN [elementId(root), root.key, root:Missing] END AS root,
  [m IN near | [elementId(m), m.key, m:Missing]] AS near, [m IN found | [elementId(m), m.key, m:Missing]] AS far, hubs,
  CASE WHEN ends THEN edges END AS edges
