// Give an idempotency key ($key) back whose request ($stamp) has changed nothing.
MATCH (i:IdempotencyKey {key: $key}) WHERE i.stamp = $stamp
DELETE i
