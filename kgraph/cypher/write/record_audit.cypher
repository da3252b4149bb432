// Write what is known of a mutation: $key, $properties, $at, and $of, the key of its resource. That is all that links the
// two, as with what was deleted: an edge would make every walk meet it, and would be gone with the resource.
MERGE (a:AuditEntry {key: $key})
SET a += $properties, a.at = $at, a.of = $of
