// Write what is known of a mutation: $key, $properties, $at, and $of, the key of its resource, to which it is linked at
// once or, where that is not in the graph, as soon as it is (`link_audit`). The edge is `matched: false`: it is not the
// resource's own, and it stays when the resource is written again.
MERGE (a:AuditEntry {key: $key})
SET a += $properties, a.at = $at, a.of = $of
WITH a
OPTIONAL MATCH (n:Resource {key: $of})
SET a.unlinked = CASE WHEN n IS NULL AND $of IS NOT NULL THEN true END
WITH a, n WHERE n IS NOT NULL
MERGE (n)-[:AUDITED {matched: false}]->(a)
