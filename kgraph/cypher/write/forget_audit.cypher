// Forget $most audit entries that were made before $before; says how many.
MATCH (a:AuditEntry) WHERE a.at < $before
WITH a LIMIT $most
DELETE a
RETURN count(*) AS forgotten
