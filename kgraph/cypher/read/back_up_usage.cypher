// What workloads and Nodes use: the next $most after the key $after, for a backup; and the last key of them.
MATCH (n:Usage) WHERE n.key > $after
WITH n ORDER BY n.key LIMIT $most
RETURN collect(properties(n)) AS rows, max(n.key) AS last
