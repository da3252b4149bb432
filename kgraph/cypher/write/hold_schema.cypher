// Let $holder alone bring the schema on, for another $leaseSeconds by the graph's clock; no record where another is at it.
// Setting the key locks the node before its holder is read.
MATCH (s:GraphSchema {key: "schema"})
SET s.key = s.key
WITH s WHERE s.holder IS NULL OR s.holder = $holder OR s.heldUntil < datetime.realtime()
SET s.holder = $holder, s.heldUntil = datetime.realtime() + duration({seconds: $leaseSeconds})
RETURN s.version AS version
