// The neighbours of the nodes whose handles are in $walk.frontier, as one record: `found` [handle, key, missing] of
// those not in $walk.seen, in the order of their keys, $walk.room of them at most; `hubs` [key, type, direction,
// count] for each node with more than $walk.fanout neighbours of one type, which are not followed.
// How many there are of a type Neo4j knows without looking at them, but only of a type that stands in the statement:
// hence the list of those that come in thousands. Others are counted one by one, if a node has any.
// All parameters are in one map: the planner would make a plan for each size of a list that is a parameter itself.
// `seen` is a map, handle to true: a list in a map is searched from its beginning each time.
UNWIND $walk.frontier AS handle
MATCH (n) WHERE elementId(n) = handle
WITH n, $walk.fanout AS fanout, $walk.types AS types,
  $walk.outward AND COUNT { (n)-->() } > $walk.fanout AS denseOut,
  $walk.inward AND COUNT { (n)<--() } > $walk.fanout AS denseIn
WITH *,
  CASE WHEN denseOut THEN [
    ["ALLOWS_FROM", COUNT { (n)-[:ALLOWS_FROM]->() }], ["ALLOWS_TO", COUNT { (n)-[:ALLOWS_TO]->() }],
    ["SELECTS", COUNT { (n)-[:SELECTS]->() }], ["TARGETS", COUNT { (n)-[:TARGETS]->() }]
  ] END AS manyOut,
  CASE WHEN denseIn THEN [
    ["HAS_PRIORITY", COUNT { (n)<-[:HAS_PRIORITY]-() }], ["INSTANCE_OF", COUNT { (n)<-[:INSTANCE_OF]-() }],
    ["IN_CLUSTER", COUNT { (n)<-[:IN_CLUSTER]-() }], ["IN_NAMESPACE", COUNT { (n)<-[:IN_NAMESPACE]-() }],
    ["OWNED_BY", COUNT { (n)<-[:OWNED_BY]-() }], ["REGARDS", COUNT { (n)<-[:REGARDS]-() }],
    ["RUNS_AS", COUNT { (n)<-[:RUNS_AS]-() }], ["RUNS_IMAGE", COUNT { (n)<-[:RUNS_IMAGE]-() }],
    ["RUNS_ON", COUNT { (n)<-[:RUNS_ON]-() }], ["SELECTS", COUNT { (n)<-[:SELECTS]-() }],
    ["USES_CONFIGMAP", COUNT { (n)<-[:USES_CONFIGMAP]-() }], ["USES_SECRET", COUNT { (n)<-[:USES_SECRET]-() }]
  ] END AS manyIn
CALL (n, manyOut) {
  WITH n, [many IN manyOut | many[0]] AS counted, reduce(all = 0, many IN manyOut | all + many[1]) AS sum
  WHERE manyOut IS NOT NULL AND COUNT { (n)-->() } > sum
  MATCH (n)-[r]->() WHERE NOT type(r) IN counted
  WITH type(r) AS type, count(*) AS count
  RETURN collect([type, count]) AS othersOut
}
CALL (n, manyIn) {
  WITH n, [many IN manyIn | many[0]] AS counted, reduce(all = 0, many IN manyIn | all + many[1]) AS sum
  WHERE manyIn IS NOT NULL AND COUNT { (n)<--() } > sum
  MATCH (n)<-[r]-() WHERE NOT type(r) IN counted
  WITH type(r) AS type, count(*) AS count
  RETURN collect([type, count]) AS othersIn
}
WITH n, fanout, types,
  [t IN manyOut + othersOut WHERE t[1] > 0 AND t[0] IN types] AS out,
  [t IN manyIn + othersIn WHERE t[1] > 0 AND t[0] IN types] AS in
WITH n,
  CASE WHEN NOT $walk.outward THEN [] WHEN out IS NULL THEN types ELSE [t IN out WHERE t[1] <= fanout | t[0]] END
    AS typesOut,
  CASE WHEN NOT $walk.inward THEN [] WHEN in IS NULL THEN types ELSE [t IN in WHERE t[1] <= fanout | t[0]] END
    AS typesIn,
  [t IN coalesce(out, []) WHERE t[1] > fanout | [n.key, t[0], "OUT", t[1]]]
    + [t IN coalesce(in, []) WHERE t[1] > fanout | [n.key, t[0], "IN", t[1]]] AS hubs
CALL (n, typesOut, typesIn) {
  WITH n, typesOut WHERE size(typesOut) > 0
  MATCH (n)-[r]->(m) WHERE type(r) IN typesOut AND r.stale IS NULL
  RETURN collect(m) AS ends
  UNION ALL
  WITH n, typesIn WHERE size(typesIn) > 0
  MATCH (n)<-[r]-(m) WHERE type(r) IN typesIn AND r.stale IS NULL
  RETURN collect(m) AS ends
}
WITH collect(ends) AS lists, collect(DISTINCT hubs) AS hubs
CALL (lists) {
  UNWIND lists AS ends
  UNWIND ends AS m
  WITH DISTINCT m
  WHERE $walk.seen[elementId(m)] IS NULL
    AND ($walk.kinds IS NULL
      OR CASE WHEN m:Resource THEN m.group + "/" + m.kind ELSE "/" + labels(m)[0] END IN $walk.kinds)
  WITH m ORDER BY m.key LIMIT $walk.room
  RETURN collect([elementId(m), m.key, m:Missing]) AS found
}
RETURN found, reduce(all = [], hub IN hubs | all + hub) AS hubs
