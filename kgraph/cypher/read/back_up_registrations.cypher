// Clusters that were added at run time, their credentials sealed as they are: the next $most after the key $after, for a backup; and the last key of them.
MATCH (n:ClusterRegistration) WHERE n.key > $after
WITH n ORDER BY n.key LIMIT $most
RETURN collect(properties(n)) AS rows, max(n.key) AS last
