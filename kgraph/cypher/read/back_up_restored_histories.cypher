// Histories of a backup that were restored and not yet put to their resources: the next $most after the key $after, for
// another backup; and the last key of them.
MATCH (n:RestoredHistory) WHERE n.key > $after
WITH n ORDER BY n.key LIMIT $most
RETURN collect(properties(n)) AS rows, max(n.key) AS last
