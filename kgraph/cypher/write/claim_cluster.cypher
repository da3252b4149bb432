// Take a part of a cluster over: from here on, only transactions that know the new epoch ($names.epoch is the property
// that it stands in), and how the cluster is split ($division, null for not at all, into $parts), may write it. Returns
// what the cluster's change feed has been told: whether all of it, up to which key where that was broken off, and its
// health; the stamp of a rebuild that was asked for and not ended by this part; and whether this part has begun before
// under this division. What the first part has to tell from the beginning ($tells) it tells alone: others begin anew.
// No record where the graph has outgrown a program of version $schema: setting a property locks both nodes, so that
// `outgrow_programs` comes wholly before or wholly after.
MERGE (c:Cluster {key: $key})
SET c.key = c.key
WITH c
CALL () {
  OPTIONAL MATCH (s:GraphSchema {key: "schema"})
  SET s.key = s.key
  RETURN coalesce(s.readableFrom, 0) AS readableFrom
}
WITH c WHERE readableFrom <= $schema
SET c += $properties, c.division = $division, c.parts = $parts, c[$names.epoch] = coalesce(c[$names.epoch], 0) + 1
FOREACH (name IN [name IN keys(c) WHERE $tells AND c.fedSince IS NULL AND name STARTS WITH "epoch~"] |
  SET c[name] = c[name] + 1
)
FOREACH (name IN [
  name IN keys(c) WHERE name CONTAINS "~" AND NOT name STARTS WITH "epoch~"
    AND NOT split(name, "~")[1] IN coalesce($parts, [])
] |
  REMOVE c[name]
)
RETURN c[$names.epoch] AS epoch, elementId(c) AS handle, c.fedSince IS NOT NULL AS isFed, c.fedTo AS fedTo,
  c.toldHealth AS toldHealth,
  CASE WHEN c.rebuildAsked <> coalesce(c[$names.rebuilt], "") THEN c.rebuildAsked END AS rebuild,
  coalesce(c[$names.begun], "") = coalesce($division, "") AS begun, coalesce(c.sequence, 0) AS sequence
