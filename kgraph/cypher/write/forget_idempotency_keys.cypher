// Forget $most idempotency keys that were first used before $before; says how many.
MATCH (i:IdempotencyKey) WHERE i.at < $before
WITH i LIMIT $most
DELETE i
RETURN count(*) AS forgotten
