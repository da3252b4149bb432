// Take a cluster over: from here on, only transactions that know the new epoch may write its part of the graph. Returns
// what its change feed has been told: whether all of it, up to which key where that was broken off, and its health; and
// the stamp of a rebuild that was asked for and not ended. No record where the graph has outgrown a program of version
// $schema: setting a property locks both nodes, so that `outgrow_programs` comes wholly before or wholly after.
MERGE (c:Cluster {key: $key})
SET c.key = c.key
WITH c
CALL () {
  OPTIONAL MATCH (s:GraphSchema {key: "schema"})
  SET s.key = s.key
  RETURN coalesce(s.readableFrom, 0) AS readableFrom
}
WITH c WHERE readableFrom <= $schema
SET c += $properties, c.epoch = coalesce(c.epoch, 0) + 1
RETURN c.epoch AS epoch, elementId(c) AS handle, c.fedSince IS NOT NULL AS isFed, c.fedTo AS fedTo,
  c.toldHealth AS toldHealth, CASE WHEN c.rebuildAsked <> coalesce(c.rebuilt, "") THEN c.rebuildAsked END AS rebuild
