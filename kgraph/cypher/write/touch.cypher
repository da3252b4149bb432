// Say what this transaction has touched of the graph, a :Touched node for each cluster of it: $rows of {key, id, changed,
// met}, the last two null where it is everything. Each names the cluster's one before, so that a reader knows whether
// it has seen all. `open` has locked the cluster, so that their times are in the order of the commits; those older than
// $keptMillis go.
UNWIND $rows AS row
MATCH (c:Cluster {key: row.key})
WITH c, row, CASE WHEN c.touchedAt >= timestamp() * 1000 THEN c.touchedAt + 1 ELSE timestamp() * 1000 END AS at
CREATE (:Touched {
  key: row.id + "/" + toString(at), at: at, before: c.touchedAt, changed: row.changed, met: row.met
})
SET c.touchedAt = at
WITH row
CALL (row) {
  MATCH (t:Touched)
  WHERE t.key >= row.id + "/" AND t.key < row.id + "/" + toString((timestamp() - $keptMillis) * 1000)
  WITH t LIMIT 100
  DELETE t
}
