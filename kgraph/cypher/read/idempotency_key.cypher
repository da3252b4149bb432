// How it is with an idempotency key ($key): its state and its answer, null where there is none.
OPTIONAL MATCH (i:IdempotencyKey {key: $key})
RETURN i.state AS state, i.answer AS answer
