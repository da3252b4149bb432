// From here on only programs that know $version may work on the graph. The epochs of each cluster go up in the same
// transaction: a worker of an older program can write nothing more, and `claim_cluster` gives it no new epoch.
MERGE (s:GraphSchema {key: "schema"})
SET s.readableFrom = CASE WHEN s.readableFrom > $version THEN s.readableFrom ELSE $version END
WITH s
MATCH (c:Cluster)
WITH c ORDER BY c.key
SET c.epoch = coalesce(c.epoch, 0) + 1
FOREACH (name IN [name IN keys(c) WHERE name STARTS WITH "epoch~"] | SET c[name] = c[name] + 1)
