// Link $most audit entries, made since $since, to resources that have come into the graph after them; says how many.
MATCH (a:AuditEntry {unlinked: true}) WHERE a.at >= $since
MATCH (n:Resource {key: a.of})
WITH a, n LIMIT $most
SET a.unlinked = null
MERGE (n)-[:AUDITED {matched: false}]->(a)
RETURN count(*) AS linked
