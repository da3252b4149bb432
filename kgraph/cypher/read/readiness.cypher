// All clusters in the graph, in one list: [id, when it was last in step, what is wrong with it].
MATCH (c:Cluster)
WITH c ORDER BY c.id
RETURN collect([c.id, toString(c.syncedAt), c.error]) AS clusters
