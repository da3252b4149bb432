// The worker $worker takes those of the shards of $clusters that no worker holds which lives. Setting the key locks a
// shard, so that the holder that is looked for after it is the one that counts.
UNWIND $clusters AS id
MATCH (s:Shard {key: "shard:" + id})
SET s.key = s.key
WITH s
WHERE NOT EXISTS { MATCH (o:SyncWorker {key: s.worker}) WHERE o.until >= datetime.realtime() }
SET s.worker = $worker, s.term = s.term + 1
