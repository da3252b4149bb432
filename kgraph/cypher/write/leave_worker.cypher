// A worker ends, or is known to have ended: whoever is left takes what it held at their next look.
MATCH (w:SyncWorker {key: $worker})
DELETE w
WITH DISTINCT 1 AS one
MATCH (s:Shard) WHERE s.worker = $worker
SET s.worker = null, s.leftAt = datetime.realtime()
