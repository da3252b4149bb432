// Deleted resources whose keys begin with one of $of.prefixes, called one of $of.names unless that is null, gone since
// $of.since, $of.room of them at most, the latest first: [key, uid, goneAt, labels, changes, manifest].
UNWIND $of.prefixes AS prefix
MATCH (d:Deleted)
WHERE d.of STARTS WITH prefix AND d.goneAt >= datetime($of.since) AND ($of.names IS NULL OR d.name IN $of.names)
  AND ($of.sight IS NULL OR NOT d.of STARTS WITH d.cluster + "/core/Namespace/"
    OR coalesce($of.sight[d.cluster], $of.sight[d.of], $of.sight[d.cluster + "/core/Namespace/_"], false))
WITH DISTINCT d ORDER BY d.goneAt DESC, d.key LIMIT $of.room
RETURN collect([d.of, d.uid, toString(d.goneAt), d.labels, d.changes, d.manifest]) AS deleted
