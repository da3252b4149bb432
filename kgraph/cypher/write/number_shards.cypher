// Each of $clusters that has none gets a shard with the smallest free number, which is kept until the cluster is
// removed. Setting a property of the one ShardNumbers locks it, so that the shards which are counted after it are all
// there are.
MERGE (n:ShardNumbers {key: "shard-numbers"})
SET n.givenAt = datetime()
WITH n
CALL (n) {
  MATCH (s:Shard)
  RETURN collect(s.number) AS taken, collect(s.cluster) AS there
}
WITH taken, [id IN $clusters WHERE NOT id IN there] AS new
WITH new, [number IN range(0, size(taken) + size(new)) WHERE NOT number IN taken] AS free
UNWIND CASE WHEN new = [] THEN [] ELSE range(0, size(new) - 1) END AS at
CREATE (:Shard {key: "shard:" + new[at], cluster: new[at], number: free[at], term: 0})
