// The worker $worker holds the shards of $clusters that are among $ours, whoever held them before, and the others no
// longer. Setting the key locks a shard before its holder is read; in the clusters' order, so that two workers which
// exchange shards do not wait for each other in a circle.
UNWIND $clusters AS id
MATCH (s:Shard {key: "shard:" + id})
SET s.key = s.key
WITH s, s.cluster IN $ours AS ours
WHERE ours OR s.worker = $worker
SET s.worker = CASE WHEN ours THEN $worker END, s.term = s.term + 1, s.leftAt = datetime.realtime()
