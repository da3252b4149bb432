// Say how the request ($stamp) that claimed an idempotency key ($key) went: $state, and its $answer as JSON.
MATCH (i:IdempotencyKey {key: $key}) WHERE i.stamp = $stamp
SET i.state = $state, i.answer = $answer
