// What was touched of each cluster since $of.known (its id to the time of the last that is known), in one list: [id, rows],
// rows [at, the one before, changed, met] in their order. Of a cluster that is not known, or is known to be later than
// it is (a restored graph), only the last.
MATCH (c:Cluster)
WITH c, CASE WHEN $of.known[c.id] <= c.touchedAt THEN $of.known[c.id] END AS known
CALL (c, known) {
  WITH c, known WHERE c.touchedAt IS NOT NULL AND (known IS NULL OR known < c.touchedAt)
  MATCH (t:Touched)
  WHERE t.key >= c.id + "/" + toString(coalesce(known + 1, c.touchedAt)) AND t.key < c.id + "0"
  WITH t ORDER BY t.key
  RETURN collect([t.at, t.before, t.changed, t.met]) AS rows
}
RETURN collect([c.id, rows]) AS clusters
