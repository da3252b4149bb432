// The worker $worker lives: $properties {name, process, configured}; its lease is good for another $leaseSeconds, by
// the graph's clock. Workers that have been gone for an hour are forgotten. Returns the others that live:
// [key, name, process, for how many more milliseconds, the
// clusters of their configurations]; and from which version of the schema on a program can work with the graph.
MERGE (w:SyncWorker {key: $worker})
SET w += $properties, w.until = datetime.realtime() + duration({seconds: $leaseSeconds})
WITH w
CALL () {
  MATCH (gone:SyncWorker) WHERE gone.until < datetime.realtime() - duration({hours: 1})
  DELETE gone
}
OPTIONAL MATCH (other:SyncWorker) WHERE other <> w AND other.until >= datetime.realtime()
WITH other.key AS key, other.name AS name, other.process AS process,
  other.until.epochMillis - datetime.realtime().epochMillis AS left, other.configured AS configured
WITH [row IN collect([key, name, process, left, configured]) WHERE row[0] IS NOT NULL] AS living
OPTIONAL MATCH (s:GraphSchema {key: "schema"})
RETURN living, coalesce(s.readableFrom, 0) AS readableFrom
