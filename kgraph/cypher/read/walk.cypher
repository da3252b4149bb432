// One more step of a walk, as one record: `found` [handle, key, missing] of the neighbours of the nodes whose handles are
// in $walk.frontier that are not in $walk.seen, in the order of their keys, $walk.room of them at most; `hubs` [key,
// type, direction, count] for each node with more than $walk.fanout neighbours of one type, which are not followed;
// and if $walk.edges, `edges`, those among all of these nodes but for types in $walk.inside: [start, type, end,
// optional, fields if $walk.fields].
// How many neighbours there are of a type Neo4j knows without looking at them, but only of a type that stands in the
// statement: hence the list of those that come in thousands. Others are counted one by one, if a node has any.
// All parameters are in one map: the planner would make a plan for each size of a list that is a parameter itself.
// Types are left out, not listed: to compare a type with the two that are never followed costs half as much as to find
// it among forty. A list is only quick to look in where it is a variable of its own, as `seen` and `among` are.
CALL () {
  UNWIND $walk.seen AS handle
  MATCH (n) WHERE elementId(n) = handle
  RETURN collect(n) AS seen
}
CALL () {
  UNWIND $walk.frontier AS handle
  MATCH (n) WHERE elementId(n) = handle
  RETURN collect(n) AS frontier
}
WITH seen, frontier, $walk.room AS room
CALL (frontier, seen, room) {
  // ---- one step; the same in `walk_from`
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
WITH seen, found, hubs, seen + found[0..$walk.fits] AS among, $walk.edges AS ends
// ---- the edges; the same in `walk_from`
CALL (among, ends) {
  UNWIND CASE WHEN ends THEN among ELSE [] END AS n
  MATCH (n)-[r]->(m) WHERE NOT type(r) IN $walk.inside AND ($walk.only IS NULL OR type(r) IN $walk.only) AND r.stale IS NULL AND m IN among
  RETURN collect(
    [n.key, type(r), m.key, coalesce(r.optional, false), CASE WHEN $walk.fields THEN r.fields END]
  ) AS edges
}
// ---- to there
RETURN [m IN found | [elementId(m), m.key, m:Missing]] AS found, hubs, edges
