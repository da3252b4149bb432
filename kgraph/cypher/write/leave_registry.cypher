// A worker ends in good order: whoever is left takes what it owned at their next look.
MATCH (w:SyncWorker {key: $worker})
DELETE w
