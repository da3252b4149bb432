// Claim an idempotency key ($key) for one request ($stamp) with this $fingerprint. It is `mine` where nobody has used
// it; or where it is not known how the same request went ($lostSeconds without a word count as that) and it may be
// repeated ($repeatable). Setting a property locks the node, so that one of two claims comes first.
MERGE (i:IdempotencyKey {key: $key})
ON CREATE SET i.stamp = $stamp, i.fingerprint = $fingerprint, i.state = "UNDERWAY", i.at = datetime()
SET i.key = i.key
WITH i, i.state = "UNKNOWN"
  OR (i.state = "UNDERWAY" AND i.at < datetime() - duration({seconds: $lostSeconds})) AS unknown
SET i.state = CASE WHEN unknown THEN "UNKNOWN" ELSE i.state END
WITH i, unknown AND $repeatable AND i.fingerprint = $fingerprint AS again
SET i.stamp = CASE WHEN again THEN $stamp ELSE i.stamp END,
  i.state = CASE WHEN again THEN "UNDERWAY" ELSE i.state END,
  i.at = CASE WHEN again THEN datetime() ELSE i.at END
RETURN i.stamp = $stamp AS mine, i.fingerprint = $fingerprint AS same, i.state AS state, i.answer AS answer
